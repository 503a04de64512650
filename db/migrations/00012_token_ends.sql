-- +goose Up
-- When a token that was replaced stops being good; until then both are.
ALTER TABLE tokens ADD COLUMN ends_at INTEGER;
