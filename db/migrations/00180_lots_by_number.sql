-- +goose Up
-- The one search finds a lot by what stands on its box.
CREATE INDEX stock_lots_by_number ON stock_lots (upper(number));
