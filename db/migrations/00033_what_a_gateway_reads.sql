-- +goose Up
-- How a gateway's hearing a tag is to be taken: from afar (empty), or as a read of
-- its room, of a passage through a doorway, or of what stands in a cabinet.
ALTER TABLE gateways ADD COLUMN reads TEXT NOT NULL DEFAULT '' CHECK (reads IN ('', 'room', 'doorway', 'cabinet'));
