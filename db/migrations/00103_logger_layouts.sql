-- +goose Up
-- How a logger's CSV files are to be read, as somebody chose once: its columns, its way to
-- write times, its unit. layout is JSON.
CREATE TABLE logger_layouts (
    sensor TEXT PRIMARY KEY CHECK (sensor <> ''),
    layout TEXT NOT NULL CHECK (layout <> ''),
    set_at INTEGER NOT NULL,
    set_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
