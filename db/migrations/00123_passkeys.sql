-- +goose Up
-- Passkeys (WebAuthn): credential is the public key with its counter, as JSON; nothing in it is secret.
CREATE TABLE passkeys (
    id           BLOB PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 1023),
    person       TEXT    NOT NULL REFERENCES people (id),
    name         TEXT    NOT NULL CHECK (name <> ''),
    credential   TEXT    NOT NULL CHECK (credential <> ''),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passkeys_by_person ON passkeys (person, created_at);
