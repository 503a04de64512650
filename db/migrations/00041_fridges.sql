-- +goose Up
CREATE TABLE fridges (
    id      TEXT PRIMARY KEY CHECK (id <> ''),
    name    TEXT NOT NULL CHECK (name <> ''),
    profile TEXT NOT NULL CHECK (profile <> ''),
    room    TEXT NOT NULL DEFAULT '',
    unit    TEXT NOT NULL DEFAULT '',
    model   TEXT NOT NULL DEFAULT '',
    serial  TEXT NOT NULL DEFAULT ''
) STRICT;

-- A sensor is one channel of one device: one stream of readings. judged is 0 for
-- a probe that measures the room rather than the goods.
CREATE TABLE sensors (
    id          INTEGER PRIMARY KEY,
    sensor      TEXT    NOT NULL CHECK (sensor <> ''),
    channel     TEXT    NOT NULL CHECK (channel <> ''),
    name        TEXT    NOT NULL DEFAULT '',
    fridge      TEXT    REFERENCES fridges (id),
    judged      INTEGER NOT NULL CHECK (judged IN (0, 1)),
    attached_at INTEGER NOT NULL,
    battery_pct INTEGER CHECK (battery_pct BETWEEN 0 AND 100),
    UNIQUE (sensor, channel)
) STRICT;

CREATE INDEX sensors_by_fridge ON sensors (fridge);

-- One row: how often fridges and sensors were changed, so that whoever keeps a copy knows whether it is stale.
CREATE TABLE fridges_version (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL
) STRICT;

INSERT INTO fridges_version (only, version) VALUES (1, 1);

-- Sensors that were heard and belong to nobody yet. Bounded by the program.
CREATE TABLE strange_sensors (
    sensor      TEXT    NOT NULL CHECK (sensor <> ''),
    channel     TEXT    NOT NULL CHECK (channel <> ''),
    first_heard INTEGER NOT NULL,
    last_heard  INTEGER NOT NULL,
    times       INTEGER NOT NULL,
    temp_mc     INTEGER NOT NULL,
    gateway     TEXT    NOT NULL,
    PRIMARY KEY (sensor, channel)
) STRICT, WITHOUT ROWID;
