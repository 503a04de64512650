-- +goose Up
-- What was done about an excursion: the checklist of its case.
CREATE TABLE case_steps (
    id        INTEGER PRIMARY KEY,
    excursion INTEGER NOT NULL REFERENCES excursions (id),
    step      TEXT    NOT NULL CHECK (step IN ('label', 'moved', 'maker', 'cause')),
    at        INTEGER NOT NULL,
    by        TEXT    NOT NULL CHECK (by <> ''),
    by_name   TEXT    NOT NULL,
    note      TEXT    NOT NULL
) STRICT;

CREATE INDEX case_steps_by_excursion ON case_steps (excursion, id);

-- +goose StatementBegin
CREATE TRIGGER case_steps_are_never_changed BEFORE UPDATE ON case_steps
BEGIN
    SELECT RAISE(ABORT, 'case_steps is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER case_steps_are_never_deleted BEFORE DELETE ON case_steps
BEGIN
    SELECT RAISE(ABORT, 'case_steps is append-only');
END;
-- +goose StatementEnd

-- Who gave a held lot free first, where the site asks for two.
CREATE TABLE hold_releases (
    hold    INTEGER PRIMARY KEY REFERENCES stock_holds (id),
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL CHECK (by <> ''),
    by_name TEXT    NOT NULL,
    why     TEXT    NOT NULL CHECK (why <> '')
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER hold_releases_are_never_changed BEFORE UPDATE ON hold_releases
BEGIN
    SELECT RAISE(ABORT, 'hold_releases is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER hold_releases_are_never_deleted BEFORE DELETE ON hold_releases
BEGIN
    SELECT RAISE(ABORT, 'hold_releases is append-only');
END;
-- +goose StatementEnd

-- What the site asks for beside the rules; the newest row holds.
CREATE TABLE cold_policies (
    version        INTEGER PRIMARY KEY,
    second_release INTEGER NOT NULL CHECK (second_release IN (0, 1)),
    checks_a_day   INTEGER NOT NULL CHECK (checks_a_day IN (1, 2)),
    at             INTEGER NOT NULL,
    by             TEXT    NOT NULL CHECK (by <> ''),
    by_name        TEXT    NOT NULL,
    why            TEXT    NOT NULL CHECK (why <> '')
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER cold_policies_are_never_changed BEFORE UPDATE ON cold_policies
BEGIN
    SELECT RAISE(ABORT, 'cold_policies is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cold_policies_are_never_deleted BEFORE DELETE ON cold_policies
BEGIN
    SELECT RAISE(ABORT, 'cold_policies is append-only');
END;
-- +goose StatementEnd
