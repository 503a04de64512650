-- +goose Up
-- The second step of a sign-in: a secret shared with the person's phone (RFC 6238).
-- last_step is the time step of the code that was used last; none is taken twice.
CREATE TABLE two_step (
    person       TEXT PRIMARY KEY REFERENCES people (id),
    secret       BLOB    NOT NULL CHECK (length(secret) = 20),
    confirmed_at INTEGER,
    last_step    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
