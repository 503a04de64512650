-- +goose Up
CREATE TABLE sites (
    id   TEXT PRIMARY KEY CHECK (id <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    zone TEXT NOT NULL CHECK (zone <> '')
) STRICT;

CREATE TABLE buildings (
    id      TEXT PRIMARY KEY CHECK (id <> ''),
    site    TEXT NOT NULL REFERENCES sites (id),
    name    TEXT NOT NULL CHECK (name <> ''),
    ordinal INTEGER NOT NULL
) STRICT;

CREATE TABLE floors (
    id            TEXT PRIMARY KEY CHECK (id <> ''),
    building      TEXT NOT NULL REFERENCES buildings (id),
    name          TEXT NOT NULL CHECK (name <> ''),
    level         INTEGER NOT NULL,
    width_metres  REAL NOT NULL CHECK (width_metres > 0),
    height_metres REAL NOT NULL CHECK (height_metres > 0),
    ordinal       INTEGER NOT NULL
) STRICT;

CREATE TABLE units (
    id      TEXT PRIMARY KEY CHECK (id <> ''),
    site    TEXT NOT NULL REFERENCES sites (id),
    name    TEXT NOT NULL CHECK (name <> ''),
    ordinal INTEGER NOT NULL
) STRICT;

-- outline is a JSON list of {"x","y"} in metres; '[]' while nobody has drawn the room.
CREATE TABLE rooms (
    id      TEXT PRIMARY KEY CHECK (id <> ''),
    floor   TEXT NOT NULL REFERENCES floors (id),
    unit    TEXT REFERENCES units (id),
    name    TEXT NOT NULL CHECK (name <> ''),
    kind    TEXT NOT NULL CHECK (kind IN ('patient_room', 'clean_utility', 'dirty_utility', 'nurse_station',
        'corridor', 'storage', 'pharmacy', 'theatre', 'workshop', 'lift', 'stairs', 'exit', 'office', 'laboratory')),
    outline TEXT NOT NULL DEFAULT '[]',
    ordinal INTEGER NOT NULL
) STRICT;

CREATE INDEX rooms_by_floor ON rooms (floor);

CREATE TABLE room_neighbours (
    room      TEXT NOT NULL REFERENCES rooms (id),
    neighbour TEXT NOT NULL REFERENCES rooms (id),
    PRIMARY KEY (room, neighbour),
    CHECK (room <> neighbour)
) STRICT, WITHOUT ROWID;

CREATE TABLE gateways (
    id      TEXT PRIMARY KEY CHECK (id <> ''),
    name    TEXT NOT NULL CHECK (name <> ''),
    make    TEXT NOT NULL CHECK (make <> ''),
    room    TEXT REFERENCES rooms (id),
    x       REAL,
    y       REAL,
    ordinal INTEGER NOT NULL,
    CHECK ((x IS NULL) = (y IS NULL))
) STRICT;

CREATE TABLE gateway_antennas (
    gateway TEXT NOT NULL REFERENCES gateways (id),
    port    INTEGER NOT NULL CHECK (port > 0),
    room    TEXT NOT NULL REFERENCES rooms (id),
    PRIMARY KEY (gateway, port)
) STRICT, WITHOUT ROWID;

-- One row: how often the hospital was changed. A process that keeps a copy reads it to know whether it is stale.
CREATE TABLE hospital_version (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL
) STRICT;

INSERT INTO hospital_version (only, version) VALUES (1, 0);
