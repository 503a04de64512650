-- +goose Up
-- RFID cabinets: which reader reads a place.
CREATE TABLE stock_cabinets (
	place   TEXT PRIMARY KEY REFERENCES stock_places (id),
	gateway TEXT NOT NULL UNIQUE CHECK (gateway <> '')
) STRICT;

-- The tags on packs that are kept in cabinets. One that is out was used, and comes
-- back as a return.
CREATE TABLE stock_tags (
	epc        TEXT PRIMARY KEY,
	place      TEXT NOT NULL REFERENCES stock_places (id),
	item       TEXT NOT NULL REFERENCES stock_items (id),
	lot        TEXT NOT NULL REFERENCES stock_lots (id),
	quantity   INTEGER NOT NULL CHECK (quantity > 0),
	inside     INTEGER NOT NULL CHECK (inside IN (0, 1)),
	changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX stock_tags_place ON stock_tags (place);

-- What a cabinet could not book, until a person has said what it was.
CREATE TABLE stock_tag_troubles (
	id       INTEGER PRIMARY KEY,
	place    TEXT NOT NULL REFERENCES stock_places (id),
	epc      TEXT NOT NULL,
	kind     TEXT NOT NULL CHECK (kind IN ('unknown', 'short')),
	since    INTEGER NOT NULL,
	ended_at INTEGER,
	ended_by TEXT NOT NULL DEFAULT '',
	why      TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX stock_tag_troubles_one ON stock_tag_troubles (place, epc, kind) WHERE ended_at IS NULL;

-- Stock that lies here and belongs to its supplier until it is used.
CREATE TABLE stock_consignments (
	item     TEXT NOT NULL REFERENCES stock_items (id),
	place    TEXT NOT NULL REFERENCES stock_places (id),
	supplier TEXT NOT NULL REFERENCES suppliers (id),
	since    INTEGER NOT NULL,
	PRIMARY KEY (item, place)
) STRICT, WITHOUT ROWID;

-- What was used of it, to be billed; what came back unused is below nothing.
CREATE TABLE stock_consigned (
	movement INTEGER PRIMARY KEY REFERENCES stock_movements (seq),
	supplier TEXT NOT NULL REFERENCES suppliers (id),
	item     TEXT NOT NULL,
	place    TEXT NOT NULL,
	lot      TEXT NOT NULL,
	at       INTEGER NOT NULL,
	quantity INTEGER NOT NULL CHECK (quantity <> 0),
	billed_at INTEGER,
	bill     TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX stock_consigned_open ON stock_consigned (supplier, at) WHERE billed_at IS NULL;

-- What went to waste and what counts found missing, by day, without a look at every movement.
CREATE INDEX stock_movements_lost ON stock_movements (day) WHERE kind IN ('discard', 'count', 'adjust');
