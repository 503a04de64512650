-- +goose Up
-- How long each lot was out of its range in each excursion, for its stability budget.
CREATE TABLE stock_exposures (
	lot       TEXT NOT NULL REFERENCES stock_lots (id),
	excursion INTEGER NOT NULL,
	minutes   INTEGER NOT NULL CHECK (minutes >= 0),
	peak      INTEGER NOT NULL, -- thousandths of a degree: the temperature farthest out of range
	PRIMARY KEY (lot, excursion)
) STRICT;
