-- +goose Up
-- Client certificates that gateways have shown. TLS verifies them; this is which gateway's each is,
-- when it ends, and whether somebody has blocked it.
CREATE TABLE client_certificates (
    fingerprint TEXT    PRIMARY KEY CHECK (length(fingerprint) = 64),
    gateway     TEXT    NOT NULL CHECK (gateway <> ''),
    issuer      TEXT    NOT NULL,
    ends_at     INTEGER NOT NULL,
    first_shown INTEGER NOT NULL,
    last_shown  INTEGER NOT NULL CHECK (last_shown >= first_shown),
    blocked_at  INTEGER NOT NULL DEFAULT 0 -- 0: good
) STRICT, WITHOUT ROWID;

CREATE INDEX client_certificates_by_gateway ON client_certificates (gateway, first_shown);
