-- +goose Up
CREATE TABLE purchase_orders (
	number     TEXT PRIMARY KEY,
	supplier   TEXT NOT NULL REFERENCES suppliers (id),
	status     TEXT NOT NULL CHECK (status IN ('draft', 'sent', 'part received', 'closed', 'cancelled')),
	version    INTEGER NOT NULL,
	currency   TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	sent_at    INTEGER,
	sent_by    TEXT NOT NULL DEFAULT '',
	expected   INTEGER NOT NULL DEFAULT 0, -- day, 0 while it is a draft
	closed_at  INTEGER,
	note       TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX purchase_orders_draft ON purchase_orders (supplier) WHERE status = 'draft';
CREATE INDEX purchase_orders_status ON purchase_orders (status, number);

CREATE TABLE order_numbers (
	year INTEGER PRIMARY KEY,
	last INTEGER NOT NULL
) STRICT;

CREATE TABLE proposals (
	id           INTEGER PRIMARY KEY,
	item         TEXT NOT NULL REFERENCES stock_items (id),
	place        TEXT NOT NULL REFERENCES stock_places (id),
	supplier     TEXT NOT NULL REFERENCES suppliers (id),
	status       TEXT NOT NULL CHECK (status IN ('waiting', 'half approved', 'approved', 'declined')),
	open         INTEGER NOT NULL GENERATED ALWAYS AS (CASE WHEN status IN ('waiting', 'half approved') THEN 1 ELSE 0 END) STORED,
	version      INTEGER NOT NULL,
	quantity     INTEGER NOT NULL CHECK (quantity > 0),
	suggested    INTEGER NOT NULL CHECK (suggested > 0),
	pack         INTEGER NOT NULL CHECK (pack >= 1),
	price_minor  INTEGER NOT NULL CHECK (price_minor >= 0),
	cause        TEXT NOT NULL,
	reason       TEXT NOT NULL,
	figures      TEXT NOT NULL,
	if_not       TEXT NOT NULL,
	use_days     TEXT NOT NULL,
	per_day      REAL NOT NULL,
	days_left    REAL NOT NULL,
	raised_at    INTEGER NOT NULL,
	raised_by    TEXT NOT NULL,
	raised_name  TEXT NOT NULL,
	changed_why  TEXT NOT NULL DEFAULT '',
	changed_name TEXT NOT NULL DEFAULT '',
	first_by     TEXT NOT NULL DEFAULT '',
	first_name   TEXT NOT NULL DEFAULT '',
	decided_at   INTEGER,
	decided_by   TEXT NOT NULL DEFAULT '',
	decided_name TEXT NOT NULL DEFAULT '',
	decided_why  TEXT NOT NULL DEFAULT '',
	order_number TEXT REFERENCES purchase_orders (number)
) STRICT;

-- One open proposal for an item and a place, whoever raises it and however often.
CREATE UNIQUE INDEX proposals_one_open ON proposals (item, place) WHERE status IN ('waiting', 'half approved');
CREATE INDEX proposals_item ON proposals (item, id);

CREATE TABLE order_lines (
	id          INTEGER PRIMARY KEY,
	number      TEXT NOT NULL REFERENCES purchase_orders (number),
	line        INTEGER NOT NULL,
	item        TEXT NOT NULL REFERENCES stock_items (id),
	place       TEXT NOT NULL REFERENCES stock_places (id),
	pack        INTEGER NOT NULL CHECK (pack >= 1),
	price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
	ordered     INTEGER NOT NULL CHECK (ordered > 0),
	received    INTEGER NOT NULL DEFAULT 0 CHECK (received >= 0),
	cancelled   INTEGER NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
	open        INTEGER NOT NULL GENERATED ALWAYS AS (CASE WHEN received + cancelled < ordered THEN 1 ELSE 0 END) STORED,
	proposal    INTEGER REFERENCES proposals (id),
	UNIQUE (number, line)
) STRICT;

CREATE INDEX order_lines_open ON order_lines (item, place) WHERE received + cancelled < ordered;

-- Where the desk keeps quiet for a while because somebody has said so.
CREATE TABLE reorder_quiet (
	item  TEXT NOT NULL REFERENCES stock_items (id),
	place TEXT NOT NULL REFERENCES stock_places (id),
	until INTEGER NOT NULL, -- day
	why   TEXT NOT NULL,
	PRIMARY KEY (item, place)
) STRICT;

-- Orders on their way out: written with the order's own change, sent afterwards.
CREATE TABLE order_mail (
	id         INTEGER PRIMARY KEY,
	number     TEXT NOT NULL REFERENCES purchase_orders (number),
	message_id TEXT NOT NULL UNIQUE,
	recipient  TEXT NOT NULL,
	subject    TEXT NOT NULL,
	body       TEXT NOT NULL,
	paper      BLOB NOT NULL,
	status     TEXT NOT NULL CHECK (status IN ('waiting', 'sending', 'sent', 'unsure', 'failed')),
	attempts   INTEGER NOT NULL DEFAULT 0,
	next_at    INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	sent_at    INTEGER,
	trouble    TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX order_mail_due ON order_mail (next_at) WHERE status = 'waiting';
CREATE INDEX order_mail_number ON order_mail (number);
