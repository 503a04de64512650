-- +goose Up
-- When a line is confirmed for a day of its own, and what was sent back of it for credit.
ALTER TABLE order_lines ADD COLUMN expected INTEGER NOT NULL DEFAULT 0; -- day; 0: the order's
ALTER TABLE order_lines ADD COLUMN returned INTEGER NOT NULL DEFAULT 0 CHECK (returned >= 0);
-- 0 is the order itself, then its changes.
ALTER TABLE order_mail ADD COLUMN change_no INTEGER NOT NULL DEFAULT 0;

-- What a supplier has said of a line, and what we have changed of it since it was sent.
CREATE TABLE order_answers (
	id          INTEGER PRIMARY KEY,
	number      TEXT NOT NULL REFERENCES purchase_orders (number),
	line        INTEGER NOT NULL REFERENCES order_lines (id),
	kind        TEXT NOT NULL CHECK (kind IN ('confirmed', 'changed')),
	reference   TEXT NOT NULL, -- the supplier's own number
	before      INTEGER NOT NULL, -- units that were to come in all
	quantity    INTEGER NOT NULL CHECK (quantity >= 0),
	expected    INTEGER NOT NULL, -- day
	old_price   INTEGER NOT NULL,
	price_minor INTEGER NOT NULL CHECK (price_minor >= 0), -- of a pack
	why         TEXT NOT NULL,
	at          INTEGER NOT NULL,
	by_name     TEXT NOT NULL
) STRICT;

CREATE INDEX order_answers_number ON order_answers (number, id);

-- What went back to a supplier.
CREATE TABLE order_returns (
	id       INTEGER PRIMARY KEY,
	number   TEXT NOT NULL REFERENCES purchase_orders (number),
	line     INTEGER NOT NULL REFERENCES order_lines (id),
	lot      TEXT NOT NULL REFERENCES stock_lots (id),
	place    TEXT NOT NULL REFERENCES stock_places (id),
	quantity INTEGER NOT NULL CHECK (quantity > 0),
	replaced INTEGER NOT NULL CHECK (replaced IN (0, 1)), -- 1: it is to come anew; 0: for credit
	why      TEXT NOT NULL CHECK (why <> ''),
	at       INTEGER NOT NULL,
	by_name  TEXT NOT NULL
) STRICT;

CREATE INDEX order_returns_number ON order_returns (number, id);

CREATE TABLE invoices (
	id          INTEGER PRIMARY KEY,
	supplier    TEXT NOT NULL REFERENCES suppliers (id),
	invoice     TEXT NOT NULL CHECK (invoice <> ''), -- the supplier's number
	number      TEXT NOT NULL REFERENCES purchase_orders (number),
	day         INTEGER NOT NULL,
	total_minor INTEGER NOT NULL,
	status      TEXT NOT NULL CHECK (status IN ('matched', 'waiting', 'accepted', 'disputed')),
	entered_at  INTEGER NOT NULL,
	entered_name TEXT NOT NULL,
	decided_at  INTEGER,
	decided_name TEXT NOT NULL DEFAULT '',
	why         TEXT NOT NULL DEFAULT '',
	UNIQUE (supplier, invoice)
) STRICT;

CREATE INDEX invoices_number ON invoices (number);
CREATE INDEX invoices_waiting ON invoices (id) WHERE status = 'waiting';

CREATE TABLE invoice_lines (
	invoice     INTEGER NOT NULL REFERENCES invoices (id),
	line        INTEGER NOT NULL REFERENCES order_lines (id),
	packs       INTEGER NOT NULL CHECK (packs > 0),
	price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
	PRIMARY KEY (invoice, line)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER order_answers_no_update BEFORE UPDATE ON order_answers BEGIN
	SELECT RAISE(ABORT, 'order_answers are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_answers_no_delete BEFORE DELETE ON order_answers BEGIN
	SELECT RAISE(ABORT, 'order_answers are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_returns_no_update BEFORE UPDATE ON order_returns BEGIN
	SELECT RAISE(ABORT, 'order_returns are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_returns_no_delete BEFORE DELETE ON order_returns BEGIN
	SELECT RAISE(ABORT, 'order_returns are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_lines_no_update BEFORE UPDATE ON invoice_lines BEGIN
	SELECT RAISE(ABORT, 'invoice_lines are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_lines_no_delete BEFORE DELETE ON invoice_lines BEGIN
	SELECT RAISE(ABORT, 'invoice_lines are append-only');
END;
-- +goose StatementEnd
