-- +goose Up
-- Electronic signatures: 21 CFR 11.50 and 11.70. content is the SHA-256 of the record as it was signed.
CREATE TABLE signatures (
    seq     INTEGER PRIMARY KEY,
    id      TEXT    NOT NULL UNIQUE CHECK (id <> ''),
    subject TEXT    NOT NULL CHECK (subject <> ''),
    meaning TEXT    NOT NULL CHECK (meaning <> ''),
    person  TEXT    NOT NULL REFERENCES people (id),
    name    TEXT    NOT NULL CHECK (name <> ''),
    at      INTEGER NOT NULL CHECK (at > 0),
    local   TEXT    NOT NULL CHECK (local <> ''),
    zone    TEXT    NOT NULL CHECK (zone <> ''),
    content BLOB    NOT NULL CHECK (length(content) = 32),
    why     TEXT    NOT NULL
) STRICT;

CREATE INDEX signatures_by_subject ON signatures (subject, seq);
CREATE INDEX signatures_by_time ON signatures (at);

-- +goose StatementBegin
CREATE TRIGGER signatures_are_never_changed BEFORE UPDATE ON signatures
BEGIN
    SELECT RAISE(ABORT, 'signatures is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER signatures_are_never_deleted BEFORE DELETE ON signatures
BEGIN
    SELECT RAISE(ABORT, 'signatures is append-only');
END;
-- +goose StatementEnd

-- A proof that a person has just shown again who she is: good for one signature.
CREATE TABLE signing_proofs (
    hash    BLOB PRIMARY KEY CHECK (length(hash) = 32),
    person  TEXT    NOT NULL REFERENCES people (id),
    ends_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;

-- Where somebody looked after the clock and said that it is right now: what came
-- before is not held against it.
CREATE TABLE clock_accepted (
    id            INTEGER PRIMARY KEY,
    at            INTEGER NOT NULL,
    audit_seq     INTEGER NOT NULL,
    signature_seq INTEGER NOT NULL
) STRICT;
