-- +goose Up
-- The picture that a floor's rooms are drawn over. It covers the whole plan.
CREATE TABLE floor_pictures (
    floor      TEXT    PRIMARY KEY REFERENCES floors (id),
    media_type TEXT    NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg')),
    wide       INTEGER NOT NULL CHECK (wide > 0),
    high       INTEGER NOT NULL CHECK (high > 0),
    bytes      BLOB    NOT NULL CHECK (length(bytes) > 0),
    at         INTEGER NOT NULL CHECK (at > 0)
) STRICT;
