-- +goose Up
-- A session that is locked lets nobody in until its person shows again who she is.
ALTER TABLE sessions ADD COLUMN locked_at INTEGER;

-- A PIN changes hands on a shared workstation; it is good only where its person
-- signed in fully this shift. pin is an encoded argon2id hash, badge the SHA-256 of a badge's number.
CREATE TABLE pins (
    person TEXT PRIMARY KEY REFERENCES people (id),
    pin    TEXT NOT NULL CHECK (pin LIKE '$argon2id$%'),
    badge  BLOB CHECK (length(badge) = 32),
    set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_person_a_badge ON pins (badge) WHERE badge IS NOT NULL;

-- Who signed in fully at which workstation, and how often a PIN was wrong there since.
CREATE TABLE station_people (
    station BLOB    NOT NULL CHECK (length(station) = 32),
    person  TEXT    NOT NULL REFERENCES people (id),
    at      INTEGER NOT NULL,
    wrong   INTEGER NOT NULL DEFAULT 0 CHECK (wrong >= 0),
    PRIMARY KEY (station, person)
) STRICT, WITHOUT ROWID;
