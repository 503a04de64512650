-- +goose Up
-- How many pieces of a kind should stand ready in a unit. short_since and
-- critical_since are when it began to have fewer; 0 while it has enough.
CREATE TABLE par_levels (
    unit           TEXT    NOT NULL REFERENCES units (id),
    kind           TEXT    NOT NULL CHECK (kind <> ''),
    target         INTEGER NOT NULL CHECK (target BETWEEN 0 AND 999),
    critical       INTEGER NOT NULL CHECK (critical BETWEEN 0 AND target),
    short_since    INTEGER NOT NULL DEFAULT 0,
    critical_since INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (unit, kind)
) STRICT, WITHOUT ROWID;

-- What to carry from where to where.
CREATE TABLE par_tasks (
    id        INTEGER PRIMARY KEY,
    kind      TEXT    NOT NULL CHECK (kind <> ''),
    from_unit TEXT    NOT NULL REFERENCES units (id),
    to_unit   TEXT    NOT NULL REFERENCES units (id),
    quantity  INTEGER NOT NULL CHECK (quantity > 0),
    raised_at INTEGER NOT NULL CHECK (raised_at > 0),
    state     TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'withdrawn', 'declined')),
    taken_by  TEXT    NOT NULL DEFAULT '',
    taken_at  INTEGER NOT NULL DEFAULT 0,
    ended_at  INTEGER NOT NULL DEFAULT 0,
    ended_by  TEXT    NOT NULL DEFAULT '',
    why       TEXT    NOT NULL DEFAULT '',
    version   INTEGER NOT NULL DEFAULT 1 CHECK (version > 0),
    CHECK (from_unit <> to_unit),
    CHECK ((state = 'open') = (ended_at = 0))
) STRICT;

CREATE UNIQUE INDEX one_open_task_a_way ON par_tasks (kind, from_unit, to_unit) WHERE state = 'open';
CREATE INDEX par_tasks_ended ON par_tasks (ended_at) WHERE state <> 'open';

-- The pieces that came from the giver to the receiver after a task was raised.
CREATE TABLE par_arrivals (
    task  INTEGER NOT NULL REFERENCES par_tasks (id),
    asset TEXT    NOT NULL REFERENCES assets (id),
    at    INTEGER NOT NULL CHECK (at > 0),
    PRIMARY KEY (task, asset)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER par_arrivals_are_never_changed BEFORE UPDATE ON par_arrivals
BEGIN
    SELECT RAISE(ABORT, 'par_arrivals is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER par_arrivals_are_never_deleted BEFORE DELETE ON par_arrivals
BEGIN
    SELECT RAISE(ABORT, 'par_arrivals is append-only');
END;
-- +goose StatementEnd
