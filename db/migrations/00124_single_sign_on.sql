-- +goose Up
-- Who a person is at an identity provider: its name for her never changes, her address may.
CREATE TABLE sso_subjects (
    issuer  TEXT    NOT NULL CHECK (issuer <> ''),
    subject TEXT    NOT NULL CHECK (subject <> ''),
    person  TEXT    NOT NULL REFERENCES people (id),
    at      INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX sso_subjects_by_person ON sso_subjects (person);

-- People whom a directory looks after over SCIM: who joins and who leaves.
CREATE TABLE scim_people (
    person      TEXT PRIMARY KEY REFERENCES people (id),
    user_name   TEXT    NOT NULL CHECK (user_name = lower(user_name) AND user_name <> ''),
    external_id TEXT    NOT NULL,
    made_at     INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_person_a_user_name ON scim_people (user_name);

-- A directory's token brings people in and out, and nothing else.
ALTER TABLE tokens ADD COLUMN scim INTEGER NOT NULL DEFAULT 0 CHECK (scim IN (0, 1) AND (scim = 0 OR gateway IS NULL AND role IS NULL));
