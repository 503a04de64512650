-- +goose Up
-- Which fridge a sensor watched from when on; empty: none. The first stay reaches back to the
-- beginning: what a sensor recorded before it was adopted belongs to the fridge it was found in.
CREATE TABLE sensor_stays (
    sensor  INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    fridge  TEXT    NOT NULL,
    PRIMARY KEY (sensor, from_at)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER sensor_stays_are_never_changed BEFORE UPDATE ON sensor_stays
BEGIN
    SELECT RAISE(ABORT, 'sensor_stays is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sensor_stays_are_never_deleted BEFORE DELETE ON sensor_stays
BEGIN
    SELECT RAISE(ABORT, 'sensor_stays is append-only');
END;
-- +goose StatementEnd

INSERT INTO sensor_stays (sensor, from_at, fridge)
SELECT id, 0, COALESCE(fridge, '')
FROM sensors;

-- However a sensor comes and moves, its stay is written with it.
-- +goose StatementBegin
CREATE TRIGGER sensors_begin_a_stay AFTER INSERT ON sensors
BEGIN
    INSERT INTO sensor_stays (sensor, from_at, fridge) VALUES (NEW.id, 0, COALESCE(NEW.fridge, ''));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sensors_move AFTER UPDATE OF fridge ON sensors WHEN OLD.fridge IS NOT NEW.fridge
BEGIN
    INSERT INTO sensor_stays (sensor, from_at, fridge)
    SELECT NEW.id, max(NEW.attached_at, 1 + (SELECT max(from_at) FROM sensor_stays WHERE sensor = NEW.id)), COALESCE(NEW.fridge, '');
END;
-- +goose StatementEnd
