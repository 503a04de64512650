-- +goose Up
-- The units that a person's role is limited to; a role without any reaches the whole hospital.
CREATE TABLE person_role_units (
    person TEXT NOT NULL,
    role   TEXT NOT NULL,
    unit   TEXT NOT NULL REFERENCES units (id),
    PRIMARY KEY (person, role, unit),
    FOREIGN KEY (person, role) REFERENCES person_roles (person, role) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
