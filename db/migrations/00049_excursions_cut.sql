-- +goose Up
-- cut: the probe was taken off, or moved to another fridge, before the excursion was over; it
-- ends at the last reading, and what came after nobody knows.
ALTER TABLE excursions ADD COLUMN cut INTEGER NOT NULL DEFAULT 0 CHECK (cut IN (0, 1));
