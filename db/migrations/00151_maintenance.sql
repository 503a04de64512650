-- +goose Up
-- What is known of a piece beyond where it is. Times are 0 where nobody said.
CREATE TABLE asset_papers (
    asset        TEXT    PRIMARY KEY REFERENCES assets (id),
    lot          TEXT    NOT NULL DEFAULT '',
    in_service   INTEGER NOT NULL DEFAULT 0,
    last_service INTEGER NOT NULL DEFAULT 0,
    rented_from  TEXT    NOT NULL DEFAULT '',
    due_back     INTEGER NOT NULL DEFAULT 0,
    CHECK (rented_from <> '' OR due_back = 0)
) STRICT, WITHOUT ROWID;

-- How long each piece was in use, folded from its timeline up to a moment.
CREATE TABLE asset_usage (
    asset        TEXT    PRIMARY KEY REFERENCES assets (id),
    used_ms      INTEGER NOT NULL CHECK (used_ms >= 0),
    in_use_since INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE asset_usage_upto (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    moment INTEGER NOT NULL
) STRICT;

INSERT INTO asset_usage_upto (only, moment) VALUES (1, 0);

CREATE TABLE service_plans (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL CHECK (name <> ''),
    model       TEXT    NOT NULL CHECK (model <> ''),
    lot         TEXT    NOT NULL DEFAULT '',
    every_days  INTEGER NOT NULL CHECK (every_days >= 0),
    every_hours INTEGER NOT NULL CHECK (every_hours >= 0),
    calibration INTEGER NOT NULL CHECK (calibration IN (0, 1)),
    ended_at    INTEGER NOT NULL DEFAULT 0,
    CHECK (every_days > 0 OR every_hours > 0 OR lot <> '')
) STRICT;

CREATE TABLE service_work (
    id          INTEGER PRIMARY KEY,
    asset       TEXT    NOT NULL REFERENCES assets (id),
    plan        INTEGER NOT NULL REFERENCES service_plans (id),
    at          INTEGER NOT NULL CHECK (at > 0),
    by_name     TEXT    NOT NULL,
    result      TEXT    NOT NULL CHECK (result IN ('passed', 'failed')),
    certificate TEXT    NOT NULL DEFAULT '',
    note        TEXT    NOT NULL DEFAULT '',
    used_ms     INTEGER NOT NULL,
    signature   TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX service_work_by_asset ON service_work (asset, plan, at);

CREATE TABLE repair_steps (
    id      INTEGER PRIMARY KEY,
    asset   TEXT    NOT NULL REFERENCES assets (id),
    at      INTEGER NOT NULL CHECK (at > 0),
    stage   TEXT    NOT NULL CHECK (stage IN ('workshop', 'parts', 'external', 'fit', 'retired')),
    by_name TEXT    NOT NULL,
    note    TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX repair_steps_by_asset ON repair_steps (asset, id);

CREATE TABLE equipment_recalls (
    id          INTEGER PRIMARY KEY,
    title       TEXT    NOT NULL CHECK (title <> ''),
    reference   TEXT    NOT NULL DEFAULT '',
    model       TEXT    NOT NULL DEFAULT '',
    lot         TEXT    NOT NULL DEFAULT '',
    from_serial TEXT    NOT NULL DEFAULT '',
    to_serial   TEXT    NOT NULL DEFAULT '',
    opened_at   INTEGER NOT NULL CHECK (opened_at > 0),
    opened_by   TEXT    NOT NULL,
    closed_at   INTEGER NOT NULL DEFAULT 0,
    closed_by   TEXT    NOT NULL DEFAULT '',
    CHECK (model <> '' OR lot <> '' OR from_serial <> '' OR to_serial <> '')
) STRICT;

CREATE TABLE equipment_recall_ticks (
    recall  INTEGER NOT NULL REFERENCES equipment_recalls (id),
    asset   TEXT    NOT NULL REFERENCES assets (id),
    at      INTEGER NOT NULL CHECK (at > 0),
    by_name TEXT    NOT NULL,
    outcome TEXT    NOT NULL CHECK (outcome <> ''),
    PRIMARY KEY (recall, asset)
) STRICT, WITHOUT ROWID;

CREATE TABLE rental_returns (
    id          INTEGER PRIMARY KEY,
    asset       TEXT    NOT NULL REFERENCES assets (id),
    rented_from TEXT    NOT NULL CHECK (rented_from <> ''),
    due_back    INTEGER NOT NULL,
    at          INTEGER NOT NULL CHECK (at > 0),
    by_name     TEXT    NOT NULL,
    note        TEXT    NOT NULL DEFAULT ''
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER service_work_are_never_changed BEFORE UPDATE ON service_work
BEGIN
    SELECT RAISE(ABORT, 'service_work is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER service_work_are_never_deleted BEFORE DELETE ON service_work
BEGIN
    SELECT RAISE(ABORT, 'service_work is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER repair_steps_are_never_changed BEFORE UPDATE ON repair_steps
BEGIN
    SELECT RAISE(ABORT, 'repair_steps is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER repair_steps_are_never_deleted BEFORE DELETE ON repair_steps
BEGIN
    SELECT RAISE(ABORT, 'repair_steps is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER equipment_recall_ticks_are_never_changed BEFORE UPDATE ON equipment_recall_ticks
BEGIN
    SELECT RAISE(ABORT, 'equipment_recall_ticks is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER equipment_recall_ticks_are_never_deleted BEFORE DELETE ON equipment_recall_ticks
BEGIN
    SELECT RAISE(ABORT, 'equipment_recall_ticks is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rental_returns_are_never_changed BEFORE UPDATE ON rental_returns
BEGIN
    SELECT RAISE(ABORT, 'rental_returns is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rental_returns_are_never_deleted BEFORE DELETE ON rental_returns
BEGIN
    SELECT RAISE(ABORT, 'rental_returns is append-only');
END;
-- +goose StatementEnd
