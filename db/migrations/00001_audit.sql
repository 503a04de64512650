-- +goose Up
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL CHECK (at > 0),
    actor      TEXT    NOT NULL CHECK (actor <> ''),
    actor_name TEXT    NOT NULL,
    what       TEXT    NOT NULL CHECK (what <> ''),
    on_thing   TEXT    NOT NULL,
    why        TEXT    NOT NULL,
    before     TEXT    NOT NULL,
    after      TEXT    NOT NULL,
    previous   BLOB    NOT NULL,
    hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_by_thing ON audit (on_thing, seq);
CREATE INDEX audit_by_actor ON audit (actor, seq);

-- +goose StatementBegin
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
-- +goose StatementEnd
