-- +goose Up
-- The end of the audit trail, signed, from time to time.
CREATE TABLE audit_checkpoints (
    seq  INTEGER PRIMARY KEY REFERENCES audit (seq),
    at   INTEGER NOT NULL CHECK (at > 0),
    hash BLOB    NOT NULL CHECK (length(hash) = 32),
    text TEXT    NOT NULL CHECK (text <> '')
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER audit_checkpoints_are_never_changed BEFORE UPDATE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'audit_checkpoints is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_checkpoints_are_never_deleted BEFORE DELETE ON audit_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'audit_checkpoints is append-only');
END;
-- +goose StatementEnd

-- How far the trail has been handed on, by whom it goes to.
CREATE TABLE audit_forwarded (
    target TEXT    PRIMARY KEY CHECK (target <> ''),
    seq    INTEGER NOT NULL CHECK (seq >= 0)
) STRICT, WITHOUT ROWID;
