-- +goose Up
-- When each item is due to be counted at each place, by what it is worth and how badly it is needed.
CREATE TABLE stock_count_plan (
	item       TEXT NOT NULL REFERENCES stock_items (id),
	place      TEXT NOT NULL REFERENCES stock_places (id),
	class      TEXT NOT NULL CHECK (class IN ('A', 'B', 'C')),
	counted_on INTEGER NOT NULL, -- day; 0: never
	due_on     INTEGER NOT NULL,
	PRIMARY KEY (item, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_count_plan_due ON stock_count_plan (place, due_on);

CREATE TABLE stock_counts (
	id          INTEGER PRIMARY KEY,
	place       TEXT NOT NULL REFERENCES stock_places (id),
	opened_at   INTEGER NOT NULL,
	opened_name TEXT NOT NULL,
	ended_at    INTEGER
) STRICT;

CREATE UNIQUE INDEX stock_counts_one_open ON stock_counts (place) WHERE ended_at IS NULL;

-- A line is one lot. counted is JSON: what was counted, by whom, one after another.
CREATE TABLE stock_count_lines (
	id      INTEGER PRIMARY KEY,
	sheet   INTEGER NOT NULL REFERENCES stock_counts (id),
	item    TEXT NOT NULL REFERENCES stock_items (id),
	lot     TEXT NOT NULL REFERENCES stock_lots (id),
	class   TEXT NOT NULL CHECK (class IN ('A', 'B', 'C')),
	counted TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(counted)),
	done    INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
	ledger  INTEGER NOT NULL DEFAULT 0, -- what it said when the count was taken
	reason  TEXT NOT NULL DEFAULT '',
	UNIQUE (sheet, lot)
) STRICT;
