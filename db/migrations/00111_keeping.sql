-- +goose Up
-- How many years raw readings are kept, as people have said; the newest version holds.
CREATE TABLE reading_keeping (
    version INTEGER PRIMARY KEY,
    years   INTEGER NOT NULL CHECK (years BETWEEN 3 AND 100),
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL CHECK (by <> ''),
    by_name TEXT    NOT NULL,
    why     TEXT    NOT NULL CHECK (why <> '')
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER reading_keeping_is_never_changed BEFORE UPDATE ON reading_keeping
BEGIN
    SELECT RAISE(ABORT, 'reading_keeping is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER reading_keeping_is_never_deleted BEFORE DELETE ON reading_keeping
BEGIN
    SELECT RAISE(ABORT, 'reading_keeping is append-only');
END;
-- +goose StatementEnd

-- Fridges whose readings must be kept whatever their age, because somebody looks into them. The newest line of a fridge holds.
CREATE TABLE legal_holds (
    seq     INTEGER PRIMARY KEY,
    fridge  TEXT    NOT NULL REFERENCES fridges (id),
    held    INTEGER NOT NULL CHECK (held IN (0, 1)),
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL CHECK (by <> ''),
    by_name TEXT    NOT NULL,
    why     TEXT    NOT NULL CHECK (why <> '')
) STRICT;

CREATE INDEX legal_holds_by_fridge ON legal_holds (fridge, seq);

-- +goose StatementBegin
CREATE TRIGGER legal_holds_are_never_changed BEFORE UPDATE ON legal_holds
BEGIN
    SELECT RAISE(ABORT, 'legal_holds is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER legal_holds_are_never_deleted BEFORE DELETE ON legal_holds
BEGIN
    SELECT RAISE(ABORT, 'legal_holds is append-only');
END;
-- +goose StatementEnd

-- Up to when a stream's raw readings have been let go; its hourly summaries remain. It only moves on.
CREATE TABLE readings_let_go (
    sensor INTEGER PRIMARY KEY,
    until  INTEGER NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER readings_let_go_moves_on BEFORE UPDATE ON readings_let_go WHEN NEW.until < OLD.until OR NEW.sensor <> OLD.sensor
BEGIN
    SELECT RAISE(ABORT, 'what was let go does not come back');
END;
-- +goose StatementEnd

-- A reading goes only when its time was up, never out of an excursion or what lies about it
-- (28 days before, the longest window that a ready-made rule has, and a day after), never while
-- a fridge that its probe has watched is held, and never while a lot of that fridge waits for a decision.
DROP TRIGGER readings_are_never_deleted;

-- +goose StatementBegin
CREATE TRIGGER readings_are_never_deleted BEFORE DELETE ON readings
WHEN OLD.measured_at >= COALESCE((SELECT until FROM readings_let_go WHERE sensor = OLD.sensor), 0)
    OR EXISTS (
        SELECT 1
        FROM excursions e
        WHERE e.sensor = OLD.sensor AND e.start_at <= OLD.measured_at + 2419200000
            AND (e.cleared_at IS NULL OR e.cleared_at >= OLD.measured_at - 86400000))
    OR EXISTS (
        SELECT 1
        FROM sensor_stays y
        JOIN legal_holds h ON h.fridge = y.fridge
        WHERE y.sensor = OLD.sensor AND h.held = 1
            AND h.seq = (SELECT max(l.seq) FROM legal_holds l WHERE l.fridge = h.fridge))
    OR EXISTS (
        SELECT 1
        FROM sensor_stays y
        JOIN stock_holds s ON s.fridge = y.fridge
        WHERE y.sensor = OLD.sensor AND s.decision = '' AND s.withdrawn = 0)
BEGIN
    SELECT RAISE(ABORT, 'readings is append-only');
END;
-- +goose StatementEnd
