-- +goose Up
-- Programs that sign: instead of a secret that both sides know, the house keeps their public keys (RFC 7523; a JWK Set, RFC 7517).
ALTER TABLE tokens ADD COLUMN public_keys TEXT CHECK (public_keys IS NULL OR public_keys <> '' AND role IS NOT NULL);

-- What a program has signed to be let in is good once: jti is the SHA-256 of its number, kept until it ends.
CREATE TABLE assertions (
    token   TEXT    NOT NULL REFERENCES tokens (id),
    jti     BLOB    NOT NULL CHECK (length(jti) = 32),
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (token, jti)
) STRICT, WITHOUT ROWID;

CREATE INDEX assertions_by_end ON assertions (ends_at);
