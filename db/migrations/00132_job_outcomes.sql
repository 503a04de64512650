-- +goose Up
-- How each job went when it last ran. job_runs knows for which days daily jobs have run.
CREATE TABLE job_outcomes (
    job        TEXT    PRIMARY KEY CHECK (job <> ''),
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    actor      TEXT    NOT NULL CHECK (actor <> ''),
    actor_name TEXT    NOT NULL,
    says       TEXT    NOT NULL,
    fault      TEXT    NOT NULL, -- empty: it did not fail
    good_at    INTEGER NOT NULL, -- when it last did not; 0: never
    runs       INTEGER NOT NULL CHECK (runs > 0),
    failures   INTEGER NOT NULL CHECK (failures >= 0)
) STRICT, WITHOUT ROWID;
