-- +goose Up
-- What gateways' messages tell of them. A gateway need not be one of the hospital's yet.
CREATE TABLE gateway_states (
    id           TEXT    PRIMARY KEY CHECK (id <> ''),
    format       TEXT    NOT NULL,
    first_heard  INTEGER NOT NULL CHECK (first_heard > 0),
    last_heard   INTEGER NOT NULL CHECK (last_heard >= first_heard),
    clock_offset INTEGER NOT NULL, -- milliseconds that are added to its times
    clock_at     INTEGER NOT NULL, -- its own time when it last said so; 0: never
    messages     INTEGER NOT NULL CHECK (messages >= 0),
    sightings    INTEGER NOT NULL CHECK (sightings >= 0),
    readings     INTEGER NOT NULL CHECK (readings >= 0),
    refused      INTEGER NOT NULL CHECK (refused >= 0),
    status       TEXT    NOT NULL CHECK (status IN ('', 'online', 'offline'))
) STRICT;

-- Other names of a gateway, such as the address that it puts into its messages.
CREATE TABLE gateway_aliases (
    name       TEXT    PRIMARY KEY CHECK (name <> ''),
    gateway    TEXT    NOT NULL REFERENCES gateways (id),
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    CHECK (name <> gateway)
) STRICT;

-- Gateways and tags that speak here but that nobody has enrolled. Bounded by the program.
CREATE TABLE strangers (
    kind         TEXT    NOT NULL CHECK (kind IN ('gateway', 'tag')),
    id           TEXT    NOT NULL CHECK (id <> ''),
    gateway      TEXT    NOT NULL,
    first_heard  INTEGER NOT NULL,
    last_heard   INTEGER NOT NULL,
    times_heard  INTEGER NOT NULL CHECK (times_heard > 0),
    says         TEXT    NOT NULL,
    dismissed_at INTEGER NOT NULL DEFAULT 0, -- 0: still listed
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX strangers_by_age ON strangers (kind, last_heard);

-- What was not taken in, and why. Bounded by the program.
CREATE TABLE refusals (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    gateway TEXT    NOT NULL,
    source  TEXT    NOT NULL,
    topic   TEXT    NOT NULL,
    reason  TEXT    NOT NULL CHECK (reason <> ''),
    records INTEGER NOT NULL CHECK (records > 0),
    sample  TEXT    NOT NULL
) STRICT;
