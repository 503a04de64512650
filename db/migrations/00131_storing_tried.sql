-- +goose Up
-- Written to see whether anything can be stored, after it could not.
CREATE TABLE storing_tried (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
