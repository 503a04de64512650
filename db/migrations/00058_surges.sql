-- +goose Up
-- Use beyond what chance explains: an outbreak shows in gloves and swabs first.
CREATE TABLE stock_surges (
	id       INTEGER PRIMARY KEY,
	item     TEXT NOT NULL REFERENCES stock_items (id),
	status   TEXT NOT NULL CHECK (status IN ('open', 'explained', 'over')),
	found_on INTEGER NOT NULL, -- day
	last_on  INTEGER NOT NULL, -- last day on which it still was one
	used     INTEGER NOT NULL, -- in the seven days up to last_on
	expected REAL NOT NULL,
	most     REAL NOT NULL,    -- what chance explains
	places   TEXT NOT NULL,    -- JSON of []reorder.SurgePlace, where it began first
	note     TEXT NOT NULL DEFAULT '',
	noted_by TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX stock_surges_one ON stock_surges (item) WHERE status <> 'over';
