-- +goose Up
-- How a place is refilled with an item, where people say so. The level of min/max,
-- par and kanban stands in stock_levels too.
CREATE TABLE stock_refills (
	item        TEXT NOT NULL REFERENCES stock_items (id),
	place       TEXT NOT NULL REFERENCES stock_places (id),
	kind        TEXT NOT NULL CHECK (kind IN ('min/max', 'par', '(s,S)', '(R,S)', 'kanban')),
	review_days INTEGER NOT NULL CHECK (review_days BETWEEN 0 AND 90),
	since       INTEGER NOT NULL, -- a day on which it was looked at
	bins        INTEGER NOT NULL CHECK (bins BETWEEN 0 AND 20),
	bin_size    INTEGER NOT NULL CHECK (bin_size >= 0),
	PRIMARY KEY (item, place)
) STRICT, WITHOUT ROWID;

-- One card for each bin; its code is printed on it.
CREATE TABLE stock_bins (
	code     TEXT PRIMARY KEY,
	item     TEXT NOT NULL REFERENCES stock_items (id),
	place    TEXT NOT NULL REFERENCES stock_places (id),
	bin      INTEGER NOT NULL CHECK (bin >= 1),
	empty_at INTEGER, -- since when it waits to be refilled; NULL: it is in use
	empty_by TEXT NOT NULL DEFAULT '',
	UNIQUE (item, place, bin)
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_bins_empty ON stock_bins (item, place) WHERE empty_at IS NOT NULL;
