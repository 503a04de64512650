-- +goose Up
-- A trip of a carrier: a box with a probe, which is a fridge that moves, and a tag, which tells
-- where. asset may be empty: then only its temperatures are known.
CREATE TABLE fridge_trips (
    id            INTEGER PRIMARY KEY,
    fridge        TEXT    NOT NULL REFERENCES fridges (id),
    asset         TEXT    NOT NULL,
    purpose       TEXT    NOT NULL CHECK (purpose <> ''),
    bound_for     TEXT    NOT NULL CHECK (bound_for <> ''),
    started_at    INTEGER NOT NULL,
    started_by    TEXT    NOT NULL CHECK (started_by <> ''),
    started_name  TEXT    NOT NULL,
    ended_at      INTEGER CHECK (ended_at >= started_at),
    ended_by      TEXT    NOT NULL DEFAULT '',
    ended_name    TEXT    NOT NULL DEFAULT '',
    note          TEXT    NOT NULL DEFAULT '',
    CHECK ((ended_at IS NULL) = (ended_by = ''))
) STRICT;

CREATE UNIQUE INDEX one_running_trip_a_fridge ON fridge_trips (fridge) WHERE ended_at IS NULL;
CREATE INDEX fridge_trips_by_fridge ON fridge_trips (fridge, started_at);

-- +goose StatementBegin
CREATE TRIGGER fridge_trips_that_ended_stay BEFORE UPDATE ON fridge_trips WHEN OLD.ended_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a trip that has ended is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fridge_trips_are_never_deleted BEFORE DELETE ON fridge_trips
BEGIN
    SELECT RAISE(ABORT, 'trips are never deleted');
END;
-- +goose StatementEnd
