-- +goose Up
-- Equipment that stood in an isolation room is listed until somebody has cleaned it.
ALTER TABLE rooms ADD COLUMN isolation INTEGER NOT NULL DEFAULT 0 CHECK (isolation IN (0, 1));
