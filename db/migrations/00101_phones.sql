-- +goose Up
-- Where people want text messages of alarms, by their own word.
CREATE TABLE person_phones (
    person TEXT PRIMARY KEY REFERENCES people (id),
    number TEXT NOT NULL CHECK (number GLOB '+[1-9]*' AND length(number) BETWEEN 8 AND 16),
    set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
