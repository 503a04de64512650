-- +goose Up
ALTER TABLE proposals ADD COLUMN put_off_until INTEGER NOT NULL DEFAULT 0; -- day; 0: not put off

CREATE INDEX proposals_decided ON proposals (decided_by, decided_at) WHERE decided_at IS NOT NULL;
