-- +goose Up
-- How many units of issue a fridge has room for; 0: nobody has said.
ALTER TABLE fridge_facts ADD COLUMN units INTEGER NOT NULL DEFAULT 0 CHECK (units >= 0);

-- An emergency move: what a failing fridge held, on its way to another. box is the
-- tagged box that it is carried in; empty: arrival is scanned.
CREATE TABLE carries (
	id         INTEGER PRIMARY KEY,
	excursion  INTEGER NOT NULL,
	from_fridge TEXT   NOT NULL,
	to_fridge  TEXT    NOT NULL,
	to_place   TEXT    NOT NULL REFERENCES stock_places (id),
	box        TEXT    NOT NULL,
	started_at INTEGER NOT NULL,
	started_by TEXT    NOT NULL CHECK (started_by <> ''),
	started_name TEXT  NOT NULL,
	ended_at   INTEGER CHECK (ended_at >= started_at)
) STRICT;

CREATE INDEX carries_by_excursion ON carries (excursion);
CREATE INDEX carries_on_their_way ON carries (id) WHERE ended_at IS NULL;

-- +goose StatementBegin
CREATE TRIGGER carries_that_ended_stay BEFORE UPDATE ON carries WHEN OLD.ended_at IS NOT NULL
BEGIN
	SELECT RAISE(ABORT, 'a move that has ended is never changed');
END;
-- +goose StatementEnd

-- A line of its pick list: how says how its arrival was confirmed.
CREATE TABLE carry_lines (
	carry        INTEGER NOT NULL REFERENCES carries (id),
	lot          TEXT    NOT NULL REFERENCES stock_lots (id),
	place        TEXT    NOT NULL REFERENCES stock_places (id),
	quantity     INTEGER NOT NULL CHECK (quantity > 0),
	arrived_at   INTEGER,
	arrived      INTEGER NOT NULL DEFAULT 0 CHECK (arrived >= 0), -- units that did
	arrived_name TEXT    NOT NULL DEFAULT '',
	how          TEXT    NOT NULL DEFAULT '' CHECK (how IN ('', 'scan', 'tag', 'left')),
	PRIMARY KEY (carry, lot, place),
	CHECK ((arrived_at IS NULL) = (how = ''))
) STRICT, WITHOUT ROWID;
