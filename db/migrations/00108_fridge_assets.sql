-- +goose Up
-- What is known of a fridge as an asset; the newest row of a fridge holds.
CREATE TABLE fridge_facts (
    seq              INTEGER PRIMARY KEY,
    fridge           TEXT    NOT NULL REFERENCES fridges (id),
    pqs              TEXT    NOT NULL,
    litres           INTEGER NOT NULL CHECK (litres >= 0),
    holdover_minutes INTEGER NOT NULL CHECK (holdover_minutes >= 0),
    backup_logger    TEXT    NOT NULL,
    at               INTEGER NOT NULL,
    by               TEXT    NOT NULL CHECK (by <> ''),
    by_name          TEXT    NOT NULL
) STRICT;

CREATE INDEX fridge_facts_by_fridge ON fridge_facts (fridge, seq);

-- +goose StatementBegin
CREATE TRIGGER fridge_facts_are_never_changed BEFORE UPDATE ON fridge_facts
BEGIN
    SELECT RAISE(ABORT, 'fridge_facts is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fridge_facts_are_never_deleted BEFORE DELETE ON fridge_facts
BEGIN
    SELECT RAISE(ABORT, 'fridge_facts is append-only');
END;
-- +goose StatementEnd

-- Calibration certificates, services and repairs. Days are written "2026-05-04"; an empty due_on comes never.
CREATE TABLE fridge_papers (
    id      INTEGER PRIMARY KEY,
    fridge  TEXT    NOT NULL REFERENCES fridges (id),
    kind    TEXT    NOT NULL CHECK (kind IN ('calibration', 'service', 'repair')),
    device  TEXT    NOT NULL,
    done_on TEXT    NOT NULL CHECK (length(done_on) = 10),
    due_on  TEXT    NOT NULL CHECK (due_on = '' OR due_on > done_on),
    number  TEXT    NOT NULL,
    note    TEXT    NOT NULL CHECK (note <> ''),
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL CHECK (by <> ''),
    by_name TEXT    NOT NULL
) STRICT;

CREATE INDEX fridge_papers_by_fridge ON fridge_papers (fridge, id);

-- +goose StatementBegin
CREATE TRIGGER fridge_papers_are_never_changed BEFORE UPDATE ON fridge_papers
BEGIN
    SELECT RAISE(ABORT, 'fridge_papers is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fridge_papers_are_never_deleted BEFORE DELETE ON fridge_papers
BEGIN
    SELECT RAISE(ABORT, 'fridge_papers is append-only');
END;
-- +goose StatementEnd
