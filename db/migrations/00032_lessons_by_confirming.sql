-- +goose Up
-- Rooms are taught by confirmations too: "it is here", "not here".
ALTER TABLE room_lessons ADD COLUMN kind TEXT NOT NULL DEFAULT 'taught' CHECK (kind IN ('taught', 'here', 'not here'));
-- The room that gateways had answered before a person said where it is; empty: none had.
ALTER TABLE room_lessons ADD COLUMN said TEXT NOT NULL DEFAULT '' CHECK (said = '' OR kind <> 'taught');
