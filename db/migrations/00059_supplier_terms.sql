-- +goose Up
-- As the hospital document has them; 'null' where there is none.
ALTER TABLE suppliers ADD COLUMN calendar TEXT NOT NULL DEFAULT 'null' CHECK (json_valid(calendar));
ALTER TABLE suppliers ADD COLUMN channel TEXT NOT NULL DEFAULT 'null' CHECK (json_valid(channel));

-- What a pack costs from so many packs in one order on.
CREATE TABLE price_breaks (
	item        TEXT NOT NULL REFERENCES stock_items (id),
	packs       INTEGER NOT NULL CHECK (packs >= 2),
	price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
	PRIMARY KEY (item, packs)
) STRICT, WITHOUT ROWID;

-- Orders leave by a channel as well as by mail; the way is chosen when an order is sent.
ALTER TABLE order_mail ADD COLUMN way TEXT NOT NULL DEFAULT 'mail' CHECK (way IN ('mail', 'https', 'sftp'));
ALTER TABLE order_mail ADD COLUMN file_name TEXT NOT NULL DEFAULT '';
ALTER TABLE order_mail ADD COLUMN file BLOB NOT NULL DEFAULT x'';

-- Every try to send an order, and what came of it.
CREATE TABLE order_sendings (
	id        INTEGER PRIMARY KEY,
	mail      INTEGER NOT NULL REFERENCES order_mail (id),
	number    TEXT NOT NULL REFERENCES purchase_orders (number),
	attempt   INTEGER NOT NULL,
	at        INTEGER NOT NULL,
	way       TEXT NOT NULL,
	recipient TEXT NOT NULL,
	outcome   TEXT NOT NULL CHECK (outcome IN ('waiting', 'sent', 'unsure', 'failed')),
	trouble   TEXT NOT NULL
) STRICT;

CREATE INDEX order_sendings_number ON order_sendings (number, id);

-- +goose StatementBegin
CREATE TRIGGER order_sendings_no_update BEFORE UPDATE ON order_sendings BEGIN
	SELECT RAISE(ABORT, 'order_sendings are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_sendings_no_delete BEFORE DELETE ON order_sendings BEGIN
	SELECT RAISE(ABORT, 'order_sendings are append-only');
END;
-- +goose StatementEnd
