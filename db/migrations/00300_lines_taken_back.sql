-- +goose Up
-- A line of the ledger is taken back once: the line that does so refers to it.
CREATE UNIQUE INDEX stock_movements_taken_back ON stock_movements (ref) WHERE ref >= 'line/' AND ref < 'line0';
