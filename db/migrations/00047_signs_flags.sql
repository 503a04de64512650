-- +goose Up
-- What devices told of a fridge beside how cold it is: doors, the mains, batteries, probes,
-- alarms of their own. A row is where something began or ended; fridge is the one that the
-- device watched when it said so.
CREATE TABLE device_signs (
    id          INTEGER PRIMARY KEY,
    sensor      TEXT    NOT NULL CHECK (sensor <> ''),
    kind        TEXT    NOT NULL CHECK (kind IN ('door', 'power', 'battery', 'probe out', 'device alarm')),
    is_on       INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    said        TEXT    NOT NULL,
    at          INTEGER NOT NULL CHECK (at > 0),
    received_at INTEGER NOT NULL,
    fridge      TEXT    NOT NULL,
    UNIQUE (sensor, kind, at)
) STRICT;

CREATE INDEX device_signs_by_fridge ON device_signs (fridge, at);

-- +goose StatementBegin
CREATE TRIGGER device_signs_are_never_changed BEFORE UPDATE ON device_signs
BEGIN
    SELECT RAISE(ABORT, 'device_signs is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER device_signs_are_never_deleted BEFORE DELETE ON device_signs
BEGIN
    SELECT RAISE(ABORT, 'device_signs is append-only');
END;
-- +goose StatementEnd

-- Readings that look like a fault of the probe. until is when they no longer did; NULL while they do.
CREATE TABLE sensor_flags (
    id      INTEGER PRIMARY KEY,
    sensor  INTEGER NOT NULL REFERENCES sensors (id),
    fridge  TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('flat line', 'jump', 'stuck')),
    since   INTEGER NOT NULL,
    until   INTEGER CHECK (until >= since),
    from_mc INTEGER NOT NULL,
    temp_mc INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX one_open_flag_a_kind ON sensor_flags (sensor, kind) WHERE until IS NULL;
CREATE INDEX sensor_flags_by_fridge ON sensor_flags (fridge, since);
