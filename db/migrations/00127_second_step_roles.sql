-- +goose Up
-- Roles whose people sign in with a second step, or a passkey, or not at all.
CREATE TABLE second_step_roles (
    role TEXT PRIMARY KEY CHECK (role IN ('nurse', 'pharmacist', 'supply_manager', 'biomedical_engineer', 'administrator', 'auditor'))
) STRICT, WITHOUT ROWID;
