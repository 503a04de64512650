-- +goose Up
-- What may be given where an item is out, the best first. An item that is new at a
-- place is forecast from the use of the first one until it has a history of its own.
CREATE TABLE stock_substitutes (
	item       TEXT NOT NULL REFERENCES stock_items (id),
	rank       INTEGER NOT NULL CHECK (rank >= 0),
	substitute TEXT NOT NULL CHECK (substitute <> item),
	PRIMARY KEY (item, rank),
	UNIQUE (item, substitute)
) STRICT, WITHOUT ROWID;
