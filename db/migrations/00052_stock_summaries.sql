-- +goose Up
-- What the list of items is sorted by, one row an item: those that run low come
-- first, then those that last shortest.
CREATE TABLE stock_summaries (
	item      TEXT PRIMARY KEY REFERENCES stock_items (id),
	name      TEXT NOT NULL,
	low       INTEGER NOT NULL DEFAULT 0 CHECK (low IN (0, 1)),
	days_left REAL NOT NULL DEFAULT -1, -- negative: no use, no end in sight
	rank      REAL NOT NULL GENERATED ALWAYS AS
		(CASE WHEN low = 1 THEN 0 ELSE 1000000 END + CASE WHEN days_left < 0 THEN 100000 ELSE days_left END) STORED
) STRICT;

CREATE INDEX stock_summaries_rank ON stock_summaries (rank, name, item);
CREATE INDEX stock_lots_expiry ON stock_lots (expiry) WHERE expiry <> 0;
CREATE INDEX stock_balances_held ON stock_balances (item) WHERE held > 0;

INSERT INTO stock_summaries (item, name)
SELECT id, name
FROM stock_items;
