-- +goose Up
-- The daily look at a fridge: who looked, when, and what the record said since the look before.
CREATE TABLE fridge_checks (
    id      INTEGER PRIMARY KEY,
    fridge  TEXT    NOT NULL REFERENCES fridges (id),
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL CHECK (by <> ''),
    by_name TEXT    NOT NULL,
    since   INTEGER NOT NULL CHECK (since < at),
    points  INTEGER NOT NULL CHECK (points >= 0),
    min_mc  INTEGER NOT NULL,
    max_mc  INTEGER NOT NULL,
    note    TEXT    NOT NULL
) STRICT;

CREATE INDEX fridge_checks_by_fridge ON fridge_checks (fridge, at);

-- +goose StatementBegin
CREATE TRIGGER fridge_checks_are_never_changed BEFORE UPDATE ON fridge_checks
BEGIN
    SELECT RAISE(ABORT, 'fridge_checks is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fridge_checks_are_never_deleted BEFORE DELETE ON fridge_checks
BEGIN
    SELECT RAISE(ABORT, 'fridge_checks is append-only');
END;
-- +goose StatementEnd
