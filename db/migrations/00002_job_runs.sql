-- +goose Up
CREATE TABLE job_runs (
    name       TEXT    NOT NULL CHECK (name <> ''),
    local_date TEXT    NOT NULL CHECK (length(local_date) = 10),
    ran_at     INTEGER NOT NULL,
    PRIMARY KEY (name, local_date)
) STRICT, WITHOUT ROWID;
