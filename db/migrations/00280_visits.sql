-- +goose Up
-- Whole visits of somebody who walked through rooms with an asset teach how tags come and go.
-- JSON: {"lead": steps that were heard in the room before, "at": when each step began, in
-- milliseconds since the first, "entered": …, "left": …}; empty: no whole visit.
ALTER TABLE room_lessons ADD COLUMN visit TEXT NOT NULL DEFAULT '' CHECK (visit = '' OR json_valid(visit) AND kind = 'taught');
