-- +goose Up
-- A unit's board names what the unit owns and others have. Not by room too: that would be written with every move.
CREATE INDEX assets_by_owner ON assets (unit_id);
