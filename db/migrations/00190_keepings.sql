-- +goose Up
-- What a product bears outside its range and how long it keeps once it is opened or
-- thawed, in versions: the newest whose from_at has come is in force. content is JSON.
CREATE TABLE item_keepings (
	item    TEXT    NOT NULL REFERENCES stock_items (id),
	version INTEGER NOT NULL CHECK (version > 0),
	content TEXT    NOT NULL CHECK (json_valid(content)),
	from_at INTEGER NOT NULL,
	made_at INTEGER NOT NULL,
	made_by TEXT    NOT NULL CHECK (made_by <> ''),
	by_name TEXT    NOT NULL,
	why     TEXT    NOT NULL CHECK (why <> ''),
	PRIMARY KEY (item, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX item_keepings_by_time ON item_keepings (from_at);

-- +goose StatementBegin
CREATE TRIGGER item_keepings_are_never_changed BEFORE UPDATE ON item_keepings
BEGIN
	SELECT RAISE(ABORT, 'item_keepings is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER item_keepings_are_never_deleted BEFORE DELETE ON item_keepings
BEGIN
	SELECT RAISE(ABORT, 'item_keepings is append-only');
END;
-- +goose StatementEnd

-- A beyond-use clock that was started on a part of a lot: that part is a lot of its
-- own from then on, and parent is the lot that it was taken from.
CREATE TABLE lot_clocks (
	lot        TEXT    PRIMARY KEY REFERENCES stock_lots (id),
	parent     TEXT    NOT NULL REFERENCES stock_lots (id),
	kind       TEXT    NOT NULL CHECK (kind IN ('opened', 'punctured', 'thawed', 'reconstituted', 'out of the cold')),
	started_at INTEGER NOT NULL,
	use_by     INTEGER NOT NULL CHECK (use_by > started_at),
	source     TEXT    NOT NULL, -- where the time comes from
	by         TEXT    NOT NULL CHECK (by <> ''),
	by_name    TEXT    NOT NULL,
	passed_at  INTEGER, -- when it was taken out of use
	-- 0: it has not rung; 1: it rings while some of the lot lies there; 2: that is over
	rung       INTEGER NOT NULL DEFAULT 0 CHECK (rung IN (0, 1, 2))
) STRICT, WITHOUT ROWID;

CREATE INDEX lot_clocks_by_parent ON lot_clocks (parent);
CREATE INDEX lot_clocks_running ON lot_clocks (use_by) WHERE passed_at IS NULL;
CREATE INDEX lot_clocks_ringing ON lot_clocks (rung) WHERE passed_at IS NOT NULL AND rung < 2;
