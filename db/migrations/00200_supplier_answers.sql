-- +goose Up
-- What suppliers answer to orders by machine: as it came, and what became of it.
CREATE TABLE order_replies (
	id           INTEGER PRIMARY KEY,
	supplier     TEXT NOT NULL REFERENCES suppliers (id),
	reply        TEXT NOT NULL CHECK (reply <> ''), -- the supplier's own number of it
	number       TEXT NOT NULL REFERENCES purchase_orders (number),
	reference    TEXT NOT NULL,
	says         TEXT NOT NULL CHECK (says IN ('seen', 'yes', 'changed', 'no')),
	note         TEXT NOT NULL,
	currency     TEXT NOT NULL,
	expected     INTEGER NOT NULL, -- day; 0: none
	lines        TEXT NOT NULL CHECK (json_valid(lines)),
	format       TEXT NOT NULL CHECK (format IN ('peppol', 'cxml')),
	way          TEXT NOT NULL CHECK (way IN ('upload', 'https', 'sftp')),
	file         BLOB NOT NULL,
	digest       TEXT NOT NULL CHECK (length(digest) = 64), -- SHA-256 of the file
	taken_at     INTEGER NOT NULL,
	taken_name   TEXT NOT NULL,
	status       TEXT NOT NULL CHECK (status IN ('noted', 'applied', 'waiting', 'accepted', 'refused', 'overtaken')),
	decided_at   INTEGER,
	decided_name TEXT NOT NULL DEFAULT '',
	why          TEXT NOT NULL DEFAULT '',
	UNIQUE (supplier, reply)
) STRICT;

CREATE INDEX order_replies_number ON order_replies (number, id);
CREATE INDEX order_replies_waiting ON order_replies (id) WHERE status = 'waiting';
-- An order has one answer that waits: a newer one overtakes it.
CREATE UNIQUE INDEX order_replies_one_waits ON order_replies (number) WHERE status = 'waiting';

-- +goose StatementBegin
CREATE TRIGGER order_replies_are_never_rewritten BEFORE UPDATE OF supplier, reply, number, reference, says, note, currency, expected, lines, format, way, file, digest, taken_at, taken_name ON order_replies
BEGIN
	SELECT RAISE(ABORT, 'an answer is decided, never rewritten');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_replies_are_never_deleted BEFORE DELETE ON order_replies BEGIN
	SELECT RAISE(ABORT, 'order_replies are never deleted');
END;
-- +goose StatementEnd

-- A supplier's program shows a token of its own: with it answers about its orders are taken, and nothing else.
ALTER TABLE tokens ADD COLUMN supplier TEXT CHECK (supplier IS NULL OR supplier <> '' AND gateway IS NULL AND role IS NULL AND scim = 0);
