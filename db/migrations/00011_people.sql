-- +goose Up
CREATE TABLE people (
    id          TEXT PRIMARY KEY CHECK (id <> ''),
    name        TEXT NOT NULL CHECK (name <> ''),
    email       TEXT NOT NULL CHECK (email = lower(email) AND email <> ''),
    unit        TEXT REFERENCES units (id),
    disabled_at INTEGER
) STRICT;

CREATE UNIQUE INDEX one_account_an_address ON people (email);

CREATE TABLE person_roles (
    person TEXT NOT NULL REFERENCES people (id),
    role   TEXT NOT NULL CHECK (role IN ('nurse', 'pharmacist', 'supply_manager', 'biomedical_engineer', 'administrator', 'auditor')),
    PRIMARY KEY (person, role)
) STRICT, WITHOUT ROWID;

-- password is an encoded argon2id hash with its parameters and salt.
CREATE TABLE passwords (
    person   TEXT PRIMARY KEY REFERENCES people (id),
    password TEXT NOT NULL CHECK (password LIKE '$argon2id$%'),
    set_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A session is known by the SHA-256 of its secret alone; the secret is in the browser's cookie.
CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
    person     TEXT NOT NULL REFERENCES people (id),
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    address    TEXT NOT NULL,
    browser    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_person ON sessions (person);
CREATE INDEX sessions_by_seen ON sessions (seen_at);

-- A one-time link: with a person it sets her password, without one it makes the first administrator.
CREATE TABLE account_links (
    hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
    person     TEXT REFERENCES people (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;

-- Tokens of gateways and programs. One without a gateway speaks for any.
CREATE TABLE tokens (
    id           TEXT PRIMARY KEY CHECK (id <> ''),
    name         TEXT NOT NULL CHECK (name <> ''),
    gateway      TEXT CHECK (gateway <> ''),
    hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
