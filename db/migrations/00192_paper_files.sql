-- +goose Up
-- The certificate of a paper itself, as it was uploaded.
CREATE TABLE fridge_paper_files (
	paper      INTEGER PRIMARY KEY REFERENCES fridge_papers (id),
	name       TEXT    NOT NULL CHECK (name <> ''),
	media_type TEXT    NOT NULL CHECK (media_type IN ('application/pdf', 'image/png', 'image/jpeg')),
	bytes      BLOB    NOT NULL CHECK (length(bytes) > 0),
	sha256     BLOB    NOT NULL CHECK (length(sha256) = 32)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER fridge_paper_files_are_never_changed BEFORE UPDATE ON fridge_paper_files
BEGIN
	SELECT RAISE(ABORT, 'fridge_paper_files is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER fridge_paper_files_are_never_deleted BEFORE DELETE ON fridge_paper_files
BEGIN
	SELECT RAISE(ABORT, 'fridge_paper_files is append-only');
END;
-- +goose StatementEnd

-- How cold a delivery was on its way: a logger's file or a carrier's trip, attached to
-- what came in. ref is "order/…" or "lot/…". A hold that it placed has the excursion -id.
CREATE TABLE cold_deliveries (
	id        INTEGER PRIMARY KEY,
	ref       TEXT    NOT NULL CHECK (ref LIKE 'order/_%' OR ref LIKE 'lot/_%'),
	source    TEXT    NOT NULL CHECK (source <> ''),
	trip      INTEGER,
	profile   TEXT    NOT NULL CHECK (profile <> ''),
	from_at   INTEGER NOT NULL,
	to_at     INTEGER NOT NULL CHECK (to_at >= from_at),
	readings  INTEGER NOT NULL CHECK (readings > 0),
	min_mc    INTEGER NOT NULL,
	max_mc    INTEGER NOT NULL CHECK (max_mc >= min_mc),
	mkt_mc    INTEGER NOT NULL,
	above_ms  INTEGER NOT NULL CHECK (above_ms >= 0),
	below_ms  INTEGER NOT NULL CHECK (below_ms >= 0),
	gap_ms    INTEGER NOT NULL CHECK (gap_ms >= 0),
	out       INTEGER NOT NULL CHECK (out IN (0, 1)),
	note      TEXT    NOT NULL,
	at        INTEGER NOT NULL,
	by        TEXT    NOT NULL CHECK (by <> ''),
	by_name   TEXT    NOT NULL,
	bytes     BLOB    NOT NULL, -- the file; empty for a trip
	sha256    BLOB    NOT NULL
) STRICT;

CREATE INDEX cold_deliveries_by_ref ON cold_deliveries (ref, out);

-- +goose StatementBegin
CREATE TRIGGER cold_deliveries_are_never_changed BEFORE UPDATE ON cold_deliveries
BEGIN
	SELECT RAISE(ABORT, 'cold_deliveries is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cold_deliveries_are_never_deleted BEFORE DELETE ON cold_deliveries
BEGIN
	SELECT RAISE(ABORT, 'cold_deliveries is append-only');
END;
-- +goose StatementEnd
