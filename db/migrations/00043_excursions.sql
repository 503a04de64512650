-- +goose Up
-- Where the fold stood after the reading at as_of. Readings after it are judged again on start.
CREATE TABLE sensor_states (
    sensor  INTEGER PRIMARY KEY REFERENCES sensors (id),
    fridge  TEXT    NOT NULL,
    profile TEXT    NOT NULL,
    as_of   INTEGER NOT NULL,
    state   TEXT    NOT NULL
) STRICT;

CREATE TABLE excursions (
    id           INTEGER PRIMARY KEY,
    sensor       INTEGER NOT NULL REFERENCES sensors (id),
    fridge       TEXT    NOT NULL REFERENCES fridges (id),
    rule         TEXT    NOT NULL,
    direction    TEXT    NOT NULL CHECK (direction IN ('too warm', 'too cold')),
    severity     INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 3),
    limit_mc     INTEGER NOT NULL,
    start_at     INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL,
    end_at       INTEGER,
    cleared_at   INTEGER,
    known_ms     INTEGER NOT NULL CHECK (known_ms >= 0),
    possible_ms  INTEGER NOT NULL,
    min_mc       INTEGER NOT NULL,
    max_mc       INTEGER NOT NULL,
    mkt_mc       INTEGER NOT NULL,
    found_late   INTEGER NOT NULL CHECK (found_late IN (0, 1)),
    revision     INTEGER NOT NULL CHECK (revision >= 0),
    withdrawn    INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    CHECK ((end_at IS NULL) = (cleared_at IS NULL)),
    CHECK (possible_ms >= known_ms)
) STRICT;

CREATE UNIQUE INDEX one_running_excursion_a_rule ON excursions (sensor, rule) WHERE end_at IS NULL AND withdrawn = 0;
CREATE INDEX excursions_by_fridge ON excursions (fridge, start_at);
CREATE INDEX excursions_by_sensor ON excursions (sensor, start_at) WHERE withdrawn = 0;

-- +goose StatementBegin
CREATE TRIGGER excursions_are_never_deleted BEFORE DELETE ON excursions
BEGIN
    SELECT RAISE(ABORT, 'excursions are withdrawn, never deleted');
END;
-- +goose StatementEnd

-- What an excursion was before late data revised it.
CREATE TABLE excursion_revisions (
    excursion INTEGER NOT NULL REFERENCES excursions (id),
    revision  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    before    TEXT    NOT NULL,
    PRIMARY KEY (excursion, revision)
) STRICT, WITHOUT ROWID;

-- The chain that stock follows.
CREATE TABLE cold_events (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind <> ''),
    fridge    TEXT    NOT NULL,
    excursion TEXT    NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER cold_events_are_never_changed BEFORE UPDATE ON cold_events
BEGIN
    SELECT RAISE(ABORT, 'cold_events is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cold_events_are_never_deleted BEFORE DELETE ON cold_events
BEGIN
    SELECT RAISE(ABORT, 'cold_events is append-only');
END;
-- +goose StatementEnd
