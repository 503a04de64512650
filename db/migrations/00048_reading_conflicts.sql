-- +goose Up
-- Another value for an instant of which the record holds one already. The first stays the
-- record; this one is kept beside it, as it came.
CREATE TABLE reading_conflicts (
    sensor      INTEGER NOT NULL,
    measured_at INTEGER NOT NULL CHECK (measured_at > 0),
    temp_mc     INTEGER NOT NULL CHECK (temp_mc BETWEEN -200000 AND 150000),
    received_at INTEGER NOT NULL,
    origin      INTEGER NOT NULL,
    PRIMARY KEY (sensor, measured_at, temp_mc)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER reading_conflicts_are_never_changed BEFORE UPDATE ON reading_conflicts
BEGIN
    SELECT RAISE(ABORT, 'reading_conflicts is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER reading_conflicts_are_never_deleted BEFORE DELETE ON reading_conflicts
BEGIN
    SELECT RAISE(ABORT, 'reading_conflicts is append-only');
END;
-- +goose StatementEnd
