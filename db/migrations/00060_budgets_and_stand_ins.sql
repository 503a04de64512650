-- +goose Up
-- What a unit may spend on orders in a period; unit '' is the whole hospital.
-- An order is charged to the period in which it was approved.
CREATE TABLE budgets (
	id           INTEGER PRIMARY KEY,
	name         TEXT NOT NULL CHECK (name <> ''),
	unit         TEXT NOT NULL,
	currency     TEXT NOT NULL CHECK (length(currency) = 3),
	from_day     INTEGER NOT NULL,
	until_day    INTEGER NOT NULL CHECK (until_day >= from_day),
	amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
	version      INTEGER NOT NULL DEFAULT 1,
	set_at       INTEGER NOT NULL,
	set_name     TEXT NOT NULL
) STRICT;

CREATE INDEX budgets_until ON budgets (until_day);
CREATE INDEX proposals_decided_at ON proposals (decided_at) WHERE decided_at IS NOT NULL;

-- Who approves orders in whose place, and when. A row is ended, never rewritten.
CREATE TABLE stand_ins (
	id         INTEGER PRIMARY KEY,
	away       TEXT NOT NULL REFERENCES people (id),
	stands_in  TEXT NOT NULL REFERENCES people (id) CHECK (stands_in <> away),
	from_day   INTEGER NOT NULL,
	until_day  INTEGER NOT NULL CHECK (until_day >= from_day AND until_day - from_day < 92),
	begins_at  INTEGER NOT NULL, -- the two days as instants
	ends_at    INTEGER NOT NULL CHECK (ends_at > begins_at),
	why        TEXT NOT NULL CHECK (why <> ''),
	set_at     INTEGER NOT NULL,
	set_by     TEXT NOT NULL,
	set_name   TEXT NOT NULL,
	ended_at   INTEGER,
	ended_name TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX stand_ins_person ON stand_ins (stands_in, ends_at);

-- +goose StatementBegin
CREATE TRIGGER stand_ins_are_never_rewritten BEFORE UPDATE OF away, stands_in, from_day, until_day, begins_at, ends_at, why, set_at, set_by, set_name ON stand_ins
BEGIN
	SELECT RAISE(ABORT, 'a stand-in is ended, never rewritten');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stand_ins_are_never_deleted BEFORE DELETE ON stand_ins BEGIN
	SELECT RAISE(ABORT, 'stand_ins are never deleted');
END;
-- +goose StatementEnd

-- In whose place an approval was given; empty: the approver's own.
ALTER TABLE proposals ADD COLUMN first_for TEXT NOT NULL DEFAULT '';
ALTER TABLE proposals ADD COLUMN decided_for TEXT NOT NULL DEFAULT '';
-- The deviation of a day's use, as the forecast had it when the proposal was raised.
ALTER TABLE proposals ADD COLUMN sd_per_day REAL NOT NULL DEFAULT 0;
