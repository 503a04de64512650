-- +goose Up
-- The hospital's ladder by shift and calendar, in versions; content is JSON.
CREATE TABLE rotas (
    version INTEGER PRIMARY KEY,
    content TEXT    NOT NULL CHECK (content <> ''),
    made_at INTEGER NOT NULL,
    made_by TEXT    NOT NULL CHECK (made_by <> ''),
    by_name TEXT    NOT NULL,
    why     TEXT    NOT NULL CHECK (why <> '')
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER rotas_are_never_changed BEFORE UPDATE ON rotas
BEGIN
    SELECT RAISE(ABORT, 'rotas is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rotas_are_never_deleted BEFORE DELETE ON rotas
BEGIN
    SELECT RAISE(ABORT, 'rotas is append-only');
END;
-- +goose StatementEnd

-- The link in each try of a notice, by the SHA-256 of its secret.
CREATE TABLE notice_links (
    hash    BLOB    PRIMARY KEY CHECK (length(hash) = 32),
    notice  INTEGER NOT NULL REFERENCES notices (id),
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX notices_by_outcome ON notices (way, status, done_at) WHERE status IN ('sent', 'failed');
