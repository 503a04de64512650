-- +goose Up
-- Stock that is to be carried from one place to another instead of being bought.
CREATE TABLE transfers (
	id         INTEGER PRIMARY KEY,
	item       TEXT NOT NULL REFERENCES stock_items (id),
	from_place TEXT NOT NULL REFERENCES stock_places (id),
	to_place   TEXT NOT NULL REFERENCES stock_places (id) CHECK (to_place <> from_place),
	quantity   INTEGER NOT NULL CHECK (quantity > 0),
	status     TEXT NOT NULL CHECK (status IN ('asked', 'carried', 'cancelled')),
	why        TEXT NOT NULL,
	asked_at   INTEGER NOT NULL,
	asked_by   TEXT NOT NULL,
	asked_name TEXT NOT NULL,
	ended_at   INTEGER,
	ended_by   TEXT NOT NULL DEFAULT '',
	ended_name TEXT NOT NULL DEFAULT '',
	ended_why  TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX transfers_from ON transfers (item, from_place) WHERE status = 'asked';
CREATE INDEX transfers_to ON transfers (item, to_place) WHERE status = 'asked';
CREATE INDEX transfers_status ON transfers (status, id);

-- What other places could give, frozen with the proposal's reason: JSON of []reorder.Offer.
ALTER TABLE proposals ADD COLUMN offers TEXT NOT NULL DEFAULT '[]';
