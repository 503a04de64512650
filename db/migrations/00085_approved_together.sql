-- +goose Up
-- Proposals that were approved with one button carry one mark, by which one button takes
-- them back.
ALTER TABLE proposals ADD COLUMN together TEXT NOT NULL DEFAULT '';

CREATE INDEX proposals_together ON proposals (together) WHERE together <> '';
