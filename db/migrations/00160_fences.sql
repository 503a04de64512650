-- +goose Up
-- Where equipment may be. The lists are JSON arrays of names.
CREATE TABLE fences (
    id         TEXT    PRIMARY KEY CHECK (id <> ''),
    name       TEXT    NOT NULL CHECK (name <> ''),
    rule       TEXT    NOT NULL CHECK (rule IN ('stay_in', 'keep_out')),
    kinds      TEXT    NOT NULL DEFAULT '[]',
    assets     TEXT    NOT NULL DEFAULT '[]',
    floors     TEXT    NOT NULL DEFAULT '[]',
    units      TEXT    NOT NULL DEFAULT '[]',
    rooms      TEXT    NOT NULL DEFAULT '[]',
    room_kinds TEXT    NOT NULL DEFAULT '[]',
    after_ms   INTEGER NOT NULL CHECK (after_ms BETWEEN 0 AND 86400000),
    grace_ms   INTEGER NOT NULL CHECK (grace_ms BETWEEN 0 AND 86400000),
    serious    INTEGER NOT NULL CHECK (serious IN (0, 1)),
    off        INTEGER NOT NULL CHECK (off IN (0, 1))
) STRICT;

-- Assets that break a fence, or did until just now; those on the right side have no row.
CREATE TABLE fence_states (
    fence      TEXT    NOT NULL REFERENCES fences (id),
    asset      TEXT    NOT NULL REFERENCES assets (id),
    out_since  INTEGER NOT NULL CHECK (out_since > 0),
    back_since INTEGER NOT NULL DEFAULT 0,
    ringing    INTEGER NOT NULL CHECK (ringing IN (0, 1)),
    PRIMARY KEY (fence, asset),
    CHECK (back_since = 0 OR ringing = 1)
) STRICT, WITHOUT ROWID;
