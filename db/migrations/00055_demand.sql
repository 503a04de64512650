-- +goose Up
-- Days on which a place that uses an item had nothing free of it. They say
-- nothing about what was wanted. Both days included; 0: it is empty still.
CREATE TABLE stock_empty (
	item   TEXT NOT NULL REFERENCES stock_items (id),
	place  TEXT NOT NULL REFERENCES stock_places (id),
	since  INTEGER NOT NULL, -- the day after the last box went
	until  INTEGER NOT NULL DEFAULT 0, -- the day before the next came
	PRIMARY KEY (item, place, since)
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_empty_open ON stock_empty (item, place) WHERE until = 0;

-- What came in for orders, so that lead times are known and not believed.
CREATE TABLE deliveries (
	id          INTEGER PRIMARY KEY,
	supplier    TEXT NOT NULL REFERENCES suppliers (id),
	number      TEXT NOT NULL REFERENCES purchase_orders (number),
	line        INTEGER NOT NULL REFERENCES order_lines (id),
	sent_day    INTEGER NOT NULL,
	expected    INTEGER NOT NULL,
	arrived_day INTEGER NOT NULL,
	quantity    INTEGER NOT NULL CHECK (quantity > 0)
) STRICT;

CREATE INDEX deliveries_supplier ON deliveries (supplier, id);

-- +goose StatementBegin
CREATE TRIGGER deliveries_no_update BEFORE UPDATE ON deliveries BEGIN
	SELECT RAISE(ABORT, 'deliveries are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER deliveries_no_delete BEFORE DELETE ON deliveries BEGIN
	SELECT RAISE(ABORT, 'deliveries are append-only');
END;
-- +goose StatementEnd

-- How each item's use at each place is forecast, chosen by trying.
CREATE TABLE stock_methods (
	item      TEXT NOT NULL REFERENCES stock_items (id),
	place     TEXT NOT NULL REFERENCES stock_places (id),
	chosen_on INTEGER NOT NULL, -- day
	choice    TEXT NOT NULL,    -- JSON of policy.Choice
	PRIMARY KEY (item, place)
) STRICT, WITHOUT ROWID;

-- Levels that people have set, and that the desk would set otherwise.
CREATE TABLE level_reviews (
	id           INTEGER PRIMARY KEY,
	item         TEXT NOT NULL REFERENCES stock_items (id),
	place        TEXT NOT NULL REFERENCES stock_places (id),
	status       TEXT NOT NULL CHECK (status IN ('waiting', 'taken', 'kept')),
	old_minimum  INTEGER NOT NULL,
	old_maximum  INTEGER NOT NULL,
	minimum      INTEGER NOT NULL CHECK (minimum >= 0),
	maximum      INTEGER NOT NULL CHECK (maximum > minimum),
	reason       TEXT NOT NULL,
	figures      TEXT NOT NULL, -- JSON of []policy.Figure
	raised_at    INTEGER NOT NULL,
	decided_at   INTEGER,
	decided_by   TEXT NOT NULL DEFAULT '',
	decided_name TEXT NOT NULL DEFAULT '',
	why          TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX level_reviews_one_open ON level_reviews (item, place) WHERE status = 'waiting';
CREATE INDEX level_reviews_spot ON level_reviews (item, place, id);

ALTER TABLE stock_outlooks ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
