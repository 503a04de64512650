-- +goose Up
CREATE TABLE suppliers (
	id            TEXT PRIMARY KEY,
	name          TEXT NOT NULL,
	email         TEXT NOT NULL,
	currency      TEXT NOT NULL,
	account       TEXT NOT NULL,
	lead_days     INTEGER NOT NULL CHECK (lead_days >= 0),
	minimum_minor INTEGER NOT NULL CHECK (minimum_minor >= 0)
) STRICT;

CREATE TABLE stock_items (
	id            TEXT PRIMARY KEY,
	name          TEXT NOT NULL,
	unit          TEXT NOT NULL,
	gtin          TEXT NOT NULL,
	pack          INTEGER NOT NULL CHECK (pack >= 1),
	supplier      TEXT REFERENCES suppliers (id),
	supplier_code TEXT NOT NULL,
	price_minor   INTEGER NOT NULL CHECK (price_minor >= 0),
	least_packs   INTEGER NOT NULL CHECK (least_packs >= 0),
	review_days   INTEGER NOT NULL CHECK (review_days >= 0),
	shelf_life    INTEGER NOT NULL CHECK (shelf_life >= 0),
	criticality   TEXT NOT NULL,
	storage       TEXT NOT NULL,
	stability     TEXT NOT NULL
) STRICT;

CREATE INDEX stock_items_gtin ON stock_items (gtin) WHERE gtin <> '';
CREATE INDEX stock_items_supplier ON stock_items (supplier);

CREATE TABLE stock_places (
	id     TEXT PRIMARY KEY,
	name   TEXT NOT NULL,
	room   TEXT NOT NULL,
	unit   TEXT NOT NULL,
	fridge TEXT NOT NULL
) STRICT;

CREATE INDEX stock_places_fridge ON stock_places (fridge) WHERE fridge <> '';

-- Levels that people have set; where there is none the policy computes one.
CREATE TABLE stock_levels (
	item    TEXT NOT NULL REFERENCES stock_items (id),
	place   TEXT NOT NULL REFERENCES stock_places (id),
	minimum INTEGER NOT NULL CHECK (minimum >= 0),
	maximum INTEGER NOT NULL CHECK (maximum > minimum),
	PRIMARY KEY (item, place)
) STRICT;

CREATE TABLE stock_lots (
	id     TEXT PRIMARY KEY,
	item   TEXT NOT NULL REFERENCES stock_items (id),
	number TEXT NOT NULL,
	expiry INTEGER NOT NULL, -- days since 1970, 0 for none
	UNIQUE (item, number, expiry)
) STRICT;

-- The sum of the movements of a lot at a place, kept so that nothing can be taken twice.
CREATE TABLE stock_balances (
	lot   TEXT NOT NULL REFERENCES stock_lots (id),
	place TEXT NOT NULL REFERENCES stock_places (id),
	item  TEXT NOT NULL REFERENCES stock_items (id),
	free  INTEGER NOT NULL CHECK (free >= 0),
	held  INTEGER NOT NULL CHECK (held >= 0),
	PRIMARY KEY (lot, place)
) STRICT;

CREATE INDEX stock_balances_item ON stock_balances (item, place);
CREATE INDEX stock_balances_place ON stock_balances (place);

CREATE TABLE stock_movements (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	at         INTEGER NOT NULL,
	day        INTEGER NOT NULL, -- of the hospital's calendar, days since 1970
	kind       TEXT NOT NULL CHECK (kind IN ('opening', 'receive', 'use', 'return', 'move out', 'move in',
		'count', 'adjust', 'discard', 'hold', 'release')),
	item       TEXT NOT NULL REFERENCES stock_items (id),
	lot        TEXT NOT NULL REFERENCES stock_lots (id),
	place      TEXT NOT NULL REFERENCES stock_places (id),
	free       INTEGER NOT NULL,
	held       INTEGER NOT NULL,
	actor      TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	why        TEXT NOT NULL,
	source     TEXT NOT NULL,
	ref        TEXT NOT NULL,
	other      TEXT NOT NULL,
	CHECK (free <> 0 OR held <> 0)
) STRICT;

CREATE INDEX stock_movements_item ON stock_movements (item, seq);
CREATE INDEX stock_movements_lot ON stock_movements (lot, place);

-- +goose StatementBegin
CREATE TRIGGER stock_movements_no_update BEFORE UPDATE ON stock_movements
BEGIN
	SELECT RAISE(ABORT, 'the ledger is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stock_movements_no_delete BEFORE DELETE ON stock_movements
BEGIN
	SELECT RAISE(ABORT, 'the ledger is append-only');
END;
-- +goose StatementEnd

-- Use by day, for the forecast; returns are taken off.
CREATE TABLE stock_use (
	item     TEXT NOT NULL REFERENCES stock_items (id),
	place    TEXT NOT NULL REFERENCES stock_places (id),
	day      INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	PRIMARY KEY (item, place, day)
) STRICT;

-- What the reorder desk has to look at again because its stock changed.
CREATE TABLE stock_due (
	item  TEXT NOT NULL REFERENCES stock_items (id),
	place TEXT NOT NULL REFERENCES stock_places (id),
	PRIMARY KEY (item, place)
) STRICT;

-- What the reorder desk saw last.
CREATE TABLE stock_outlooks (
	item      TEXT NOT NULL REFERENCES stock_items (id),
	place     TEXT NOT NULL REFERENCES stock_places (id),
	at        INTEGER NOT NULL,
	usable    INTEGER NOT NULL,
	position  INTEGER NOT NULL,
	reorder   INTEGER NOT NULL,
	target    INTEGER NOT NULL,
	per_day   REAL NOT NULL,
	days_left REAL NOT NULL, -- negative: no use, no end in sight
	basis     TEXT NOT NULL,
	PRIMARY KEY (item, place)
) STRICT;

-- Requests that were carried out, so that one sent twice acts once.
CREATE TABLE stock_requests (
	key TEXT PRIMARY KEY,
	at  INTEGER NOT NULL
) STRICT;

CREATE TABLE stock_holds (
	id         INTEGER PRIMARY KEY,
	excursion  INTEGER NOT NULL,
	fridge     TEXT NOT NULL,
	item       TEXT NOT NULL REFERENCES stock_items (id),
	lot        TEXT NOT NULL REFERENCES stock_lots (id),
	place      TEXT NOT NULL REFERENCES stock_places (id),
	quantity   INTEGER NOT NULL CHECK (quantity >= 0),
	placed_at  INTEGER NOT NULL,
	withdrawn  INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
	decision   TEXT NOT NULL DEFAULT '' CHECK (decision IN ('', 'release', 'discard', 'moved')),
	decided_at INTEGER,
	decided_by TEXT NOT NULL DEFAULT '',
	why        TEXT NOT NULL DEFAULT '',
	UNIQUE (excursion, lot, place)
) STRICT;

CREATE INDEX stock_holds_open ON stock_holds (lot, place) WHERE decision = '';
CREATE INDEX stock_holds_item ON stock_holds (item, place) WHERE decision = '';

CREATE TABLE stock_excursions (
	fridge    TEXT NOT NULL,
	excursion INTEGER NOT NULL,
	PRIMARY KEY (fridge, excursion)
) STRICT;

CREATE TABLE stock_followers (
	name TEXT PRIMARY KEY,
	seq  INTEGER NOT NULL
) STRICT;
