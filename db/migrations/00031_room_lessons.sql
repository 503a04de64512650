-- +goose Up
-- What was heard of an asset while a person stood with it in a room.
CREATE TABLE room_lessons (
    id        INTEGER PRIMARY KEY,
    room_id   TEXT    NOT NULL CHECK (room_id <> ''),
    asset_id  TEXT    NOT NULL REFERENCES assets (id),
    by_name   TEXT    NOT NULL CHECK (by_name <> ''),
    at        INTEGER NOT NULL CHECK (at > 0),
    steps     TEXT    NOT NULL, -- JSON: for each step, gateway → dBm
    alive     TEXT    NOT NULL, -- JSON: the gateways that worked at the time
    undone_by TEXT    NOT NULL DEFAULT '',
    undone_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX room_lessons_by_room ON room_lessons (room_id, at);
