-- +goose Up
-- In which language a person reads the pages; empty: as her browser asks for.
ALTER TABLE people ADD COLUMN language TEXT NOT NULL DEFAULT '' CHECK (language IN ('', 'en', 'de'));
-- In which language the site reads where nobody says, and in which unit temperatures are shown.
ALTER TABLE sites ADD COLUMN language TEXT NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'de'));
ALTER TABLE sites ADD COLUMN temperature_unit TEXT NOT NULL DEFAULT 'C' CHECK (temperature_unit IN ('C', 'F'));
