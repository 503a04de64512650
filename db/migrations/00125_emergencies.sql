-- +goose Up
-- Emergency access: the whole hospital for a short time, with a reason, and looked at afterwards.
CREATE TABLE emergencies (
    id          INTEGER PRIMARY KEY,
    person      TEXT    NOT NULL REFERENCES people (id),
    name        TEXT    NOT NULL,
    why         TEXT    NOT NULL CHECK (why <> ''),
    at          INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL CHECK (ends_at > at AND ends_at - at <= 3600000),
    ended_at    INTEGER,
    reviewed_at INTEGER,
    reviewed_by TEXT    NOT NULL DEFAULT '',
    review      TEXT    NOT NULL DEFAULT '',
    CHECK (reviewed_at IS NULL OR (reviewed_by <> '' AND review <> ''))
) STRICT;

CREATE INDEX emergencies_by_person ON emergencies (person, ends_at);

-- +goose StatementBegin
CREATE TRIGGER emergencies_are_never_rewritten BEFORE UPDATE OF person, name, why, at, ends_at ON emergencies
BEGIN
    SELECT RAISE(ABORT, 'an emergency is ended and reviewed, never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER emergencies_are_never_deleted BEFORE DELETE ON emergencies
BEGIN
    SELECT RAISE(ABORT, 'emergencies is append-only');
END;
-- +goose StatementEnd
