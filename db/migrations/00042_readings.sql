-- +goose Up
-- How a reading came: a source and a gateway, numbered once so that a reading holds one small integer.
CREATE TABLE reading_origins (
    id      INTEGER PRIMARY KEY,
    source  TEXT NOT NULL,
    gateway TEXT NOT NULL,
    UNIQUE (source, gateway)
) STRICT;

-- sensor is sensors.id; it is not declared as a reference because the check would cost every reading.
-- received_after is received_at - measured_at in milliseconds. temp_mc is thousandths of a degree Celsius.
CREATE TABLE readings (
    sensor         INTEGER NOT NULL,
    measured_at    INTEGER NOT NULL CHECK (measured_at > 0),
    temp_mc        INTEGER NOT NULL CHECK (temp_mc BETWEEN -200000 AND 150000),
    received_after INTEGER NOT NULL,
    origin         INTEGER NOT NULL,
    PRIMARY KEY (sensor, measured_at)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER readings_are_never_changed BEFORE UPDATE ON readings
BEGIN
    SELECT RAISE(ABORT, 'readings is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER readings_are_never_deleted BEFORE DELETE ON readings
BEGIN
    SELECT RAISE(ABORT, 'readings is append-only');
END;
-- +goose StatementEnd

-- What a device's own clock said where it was corrected.
CREATE TABLE reading_clocks (
    sensor      INTEGER NOT NULL,
    measured_at INTEGER NOT NULL,
    device_at   INTEGER NOT NULL,
    PRIMARY KEY (sensor, measured_at)
) STRICT, WITHOUT ROWID;

-- Readings of known sensors that can't be so. Bounded by the program.
CREATE TABLE reading_quarantine (
    id          INTEGER PRIMARY KEY,
    sensor      INTEGER NOT NULL REFERENCES sensors (id),
    temp_mc     INTEGER NOT NULL,
    measured_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    origin      INTEGER NOT NULL REFERENCES reading_origins (id),
    reason      TEXT    NOT NULL CHECK (reason <> '')
) STRICT;

CREATE INDEX reading_quarantine_by_sensor ON reading_quarantine (sensor, id);

-- Summaries of whole UTC hours, for charts. hour is hours since 1970. They are derived: the readings are the record.
CREATE TABLE reading_hours (
    sensor INTEGER NOT NULL,
    hour   INTEGER NOT NULL,
    min_mc INTEGER NOT NULL,
    max_mc INTEGER NOT NULL,
    sum_mc INTEGER NOT NULL,
    points INTEGER NOT NULL CHECK (points > 0),
    PRIMARY KEY (sensor, hour)
) STRICT, WITHOUT ROWID;
