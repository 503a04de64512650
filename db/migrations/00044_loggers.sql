-- +goose Up
-- A logger's readings come as files: it is never silent, and its own clock's zone is asked once.
ALTER TABLE sensors ADD COLUMN logger INTEGER NOT NULL DEFAULT 0 CHECK (logger IN (0, 1));
ALTER TABLE sensors ADD COLUMN zone TEXT NOT NULL DEFAULT '';
