-- +goose Up
-- What people call so many units of an item: "box" is 10, "case" is 200. A line is
-- never changed: the newest of a name counts, and 0 units withdraw it.
CREATE TABLE stock_packings (
	id      INTEGER PRIMARY KEY,
	item    TEXT NOT NULL REFERENCES stock_items (id),
	name    TEXT NOT NULL CHECK (name <> ''),
	units   INTEGER NOT NULL CHECK (units >= 0 AND units <> 1),
	gtin    TEXT NOT NULL,
	at      INTEGER NOT NULL,
	by_name TEXT NOT NULL
) STRICT;

CREATE INDEX stock_packings_item ON stock_packings (item, name, id);
CREATE INDEX stock_packings_gtin ON stock_packings (gtin) WHERE gtin <> '';

-- +goose StatementBegin
CREATE TRIGGER stock_packings_no_update BEFORE UPDATE ON stock_packings BEGIN
	SELECT RAISE(ABORT, 'packings are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stock_packings_no_delete BEFORE DELETE ON stock_packings BEGIN
	SELECT RAISE(ABORT, 'packings are append-only');
END;
-- +goose StatementEnd
