-- +goose Up
-- What is outstanding of an item is asked for each line of a list; SQLite does not take order_lines_open for it.
CREATE INDEX order_lines_by_item ON order_lines (item, place);
