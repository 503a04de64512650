-- +goose Up
-- Times in which a fridge is opened on purpose: warmth is recorded and does not ring until they end by themselves.
CREATE TABLE fridge_openings (
    id      INTEGER PRIMARY KEY,
    fridge  TEXT    NOT NULL REFERENCES fridges (id),
    at      INTEGER NOT NULL,
    until   INTEGER NOT NULL CHECK (until > at AND until - at <= 7200000),
    by      TEXT    NOT NULL CHECK (by <> ''),
    by_name TEXT    NOT NULL,
    why     TEXT    NOT NULL CHECK (why <> '')
) STRICT;

CREATE INDEX fridge_openings_by_fridge ON fridge_openings (fridge, until);

-- +goose StatementBegin
CREATE TRIGGER fridge_openings_are_never_changed BEFORE UPDATE ON fridge_openings
BEGIN
    SELECT RAISE(ABORT, 'fridge_openings is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fridge_openings_are_never_deleted BEFORE DELETE ON fridge_openings
BEGIN
    SELECT RAISE(ABORT, 'fridge_openings is append-only');
END;
-- +goose StatementEnd
