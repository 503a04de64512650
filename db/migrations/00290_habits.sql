-- +goose Up
-- How a person likes pages shown; empty: degrees as the site has them, 24 hours, letters as the browser has them.
ALTER TABLE people ADD COLUMN degrees TEXT NOT NULL DEFAULT '' CHECK (degrees IN ('', 'C', 'F'));
ALTER TABLE people ADD COLUMN clock   TEXT NOT NULL DEFAULT '' CHECK (clock IN ('', '12'));
ALTER TABLE people ADD COLUMN letters TEXT NOT NULL DEFAULT '' CHECK (letters IN ('', 'larger', 'largest'));
