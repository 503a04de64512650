-- +goose Up
-- Screens on walls, each with a link of its own of which the hash is kept. It reads, and an
-- administrator ends it; who made and ended it stands in the audit trail.
CREATE TABLE displays (
    id        TEXT    PRIMARY KEY CHECK (id <> ''),
    name      TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    hash      TEXT    NOT NULL UNIQUE CHECK (length(hash) = 64),
    unit      TEXT    NOT NULL, -- '': the whole hospital
    boards    TEXT    NOT NULL CHECK (boards <> ''),
    turn      INTEGER NOT NULL CHECK (turn BETWEEN 5 AND 600),
    dim_from  INTEGER NOT NULL CHECK (dim_from BETWEEN 0 AND 23),
    dim_until INTEGER NOT NULL CHECK (dim_until BETWEEN 0 AND 23),
    made_at   INTEGER NOT NULL,
    made_by   TEXT    NOT NULL,
    last_seen INTEGER NOT NULL DEFAULT 0, -- 0: never
    ended_at  INTEGER NOT NULL DEFAULT 0  -- 0: good
) STRICT, WITHOUT ROWID;
