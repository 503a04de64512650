-- +goose Up
-- What a maker or a supplier calls back. numbers is JSON: the lots by their printed
-- numbers, or [] for every lot of the item. A lot that comes in later is meant too.
CREATE TABLE stock_recalls (
	id          INTEGER PRIMARY KEY,
	item        TEXT NOT NULL REFERENCES stock_items (id),
	numbers     TEXT NOT NULL CHECK (json_valid(numbers)),
	notice      TEXT NOT NULL CHECK (notice <> ''), -- the reference of the notice
	why         TEXT NOT NULL,
	status      TEXT NOT NULL CHECK (status IN ('open', 'done', 'withdrawn')),
	raised_at   INTEGER NOT NULL,
	raised_by   TEXT NOT NULL,
	raised_name TEXT NOT NULL,
	ended_at    INTEGER,
	ended_name  TEXT NOT NULL DEFAULT '',
	ended_why   TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX stock_recalls_open ON stock_recalls (item) WHERE status = 'open';
