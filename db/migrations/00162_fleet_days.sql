-- +goose Up
-- How equipment was used, a row a day and kind: a page reads these and never the moments behind them.
CREATE TABLE fleet_days (
    day  TEXT    PRIMARY KEY CHECK (length(day) = 10), -- of the site's calendar
    made INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE fleet_use (
    day        TEXT    NOT NULL REFERENCES fleet_days (day),
    kind       TEXT    NOT NULL,
    unit       TEXT    NOT NULL,
    free_ms    INTEGER NOT NULL CHECK (free_ms >= 0),
    in_use_ms  INTEGER NOT NULL CHECK (in_use_ms >= 0),
    dirty_ms   INTEGER NOT NULL CHECK (dirty_ms >= 0),
    broken_ms  INTEGER NOT NULL CHECK (broken_ms >= 0),
    unheard_ms INTEGER NOT NULL CHECK (unheard_ms >= 0),
    PRIMARY KEY (day, kind, unit)
) STRICT, WITHOUT ROWID;

-- For how long so many of a kind were in use at once.
CREATE TABLE fleet_levels (
    day   TEXT    NOT NULL REFERENCES fleet_days (day),
    kind  TEXT    NOT NULL,
    level INTEGER NOT NULL CHECK (level >= 0),
    ms    INTEGER NOT NULL CHECK (ms > 0),
    PRIMARY KEY (day, kind, level)
) STRICT, WITHOUT ROWID;

CREATE TABLE fleet_dwell (
    day       TEXT    NOT NULL REFERENCES fleet_days (day),
    kind      TEXT    NOT NULL,
    room_kind TEXT    NOT NULL,
    ms        INTEGER NOT NULL CHECK (ms >= 0),
    times     INTEGER NOT NULL CHECK (times >= 0),
    PRIMARY KEY (day, kind, room_kind)
) STRICT, WITHOUT ROWID;

-- How each piece stood at the end of the last day that was added up.
CREATE TABLE fleet_ends (
    asset  TEXT    PRIMARY KEY REFERENCES assets (id),
    room   TEXT    NOT NULL,
    status TEXT    NOT NULL CHECK (status IN ('free', 'in_use', 'needs_cleaning', 'broken')),
    heard  INTEGER NOT NULL CHECK (heard IN (0, 1))
) STRICT, WITHOUT ROWID;

-- A day of moments, and who came into a room, are found without reading all of history.
CREATE INDEX asset_moments_by_time ON asset_moments (at);
CREATE INDEX asset_moments_by_room ON asset_moments (to_room, at) WHERE to_room <> '';

-- Somebody cleaned a piece that had stood in an isolation room.
CREATE TABLE cleanings (
    id      INTEGER PRIMARY KEY,
    asset   TEXT    NOT NULL REFERENCES assets (id),
    room    TEXT    NOT NULL,
    at      INTEGER NOT NULL CHECK (at > 0),
    by_id   TEXT    NOT NULL CHECK (by_id <> ''),
    by_name TEXT    NOT NULL,
    note    TEXT    NOT NULL
) STRICT;

CREATE INDEX cleanings_by_asset ON cleanings (asset, at);

-- +goose StatementBegin
CREATE TRIGGER cleanings_are_never_changed BEFORE UPDATE ON cleanings
BEGIN
    SELECT RAISE(ABORT, 'cleanings is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cleanings_are_never_deleted BEFORE DELETE ON cleanings
BEGIN
    SELECT RAISE(ABORT, 'cleanings is append-only');
END;
-- +goose StatementEnd
