-- +goose Up
-- The site's own profiles: each row is one as it stood from from_at on. content is the profile as JSON.
CREATE TABLE profile_versions (
    id      TEXT    NOT NULL CHECK (id <> ''),
    version INTEGER NOT NULL CHECK (version > 0),
    content TEXT    NOT NULL CHECK (content <> ''),
    from_at INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT    NOT NULL CHECK (made_by <> ''),
    by_name TEXT    NOT NULL,
    why     TEXT    NOT NULL CHECK (why <> ''),
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER profile_versions_are_never_changed BEFORE UPDATE ON profile_versions
BEGIN
    SELECT RAISE(ABORT, 'profile_versions is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER profile_versions_are_never_deleted BEFORE DELETE ON profile_versions
BEGIN
    SELECT RAISE(ABORT, 'profile_versions is append-only');
END;
-- +goose StatementEnd

-- Which profile a fridge was given, from when on.
CREATE TABLE fridge_profiles (
    seq     INTEGER PRIMARY KEY,
    fridge  TEXT    NOT NULL REFERENCES fridges (id),
    from_at INTEGER NOT NULL,
    profile TEXT    NOT NULL CHECK (profile <> '')
) STRICT;

CREATE INDEX fridge_profiles_by_fridge ON fridge_profiles (fridge, seq);

-- +goose StatementBegin
CREATE TRIGGER fridge_profiles_are_never_changed BEFORE UPDATE ON fridge_profiles
BEGIN
    SELECT RAISE(ABORT, 'fridge_profiles is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fridge_profiles_are_never_deleted BEFORE DELETE ON fridge_profiles
BEGIN
    SELECT RAISE(ABORT, 'fridge_profiles is append-only');
END;
-- +goose StatementEnd

INSERT INTO fridge_profiles (fridge, from_at, profile)
SELECT id, 0, profile
FROM fridges
ORDER BY id;

-- A new fridge, however it comes, is judged by its profile since ever; another
-- profile counts from the moment that it is given.
-- +goose StatementBegin
CREATE TRIGGER fridges_are_given_a_profile AFTER INSERT ON fridges
BEGIN
    INSERT INTO fridge_profiles (fridge, from_at, profile) VALUES (NEW.id, 0, NEW.profile);
END;
-- +goose StatementEnd
