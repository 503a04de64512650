-- +goose Up
-- What a program may do over the API. A token of a gateway has no role: it delivers and reads nothing.
ALTER TABLE tokens ADD COLUMN role TEXT CHECK (role IS NULL OR (gateway IS NULL AND
    role IN ('nurse', 'pharmacist', 'supply_manager', 'biomedical_engineer', 'administrator', 'auditor')));
