-- +goose Up
-- How stock stood in the morning of a day, a row a place and one of the whole hospital
-- (place ''): a page reads these and never the ledger. What a day before the first note was
-- like is told from the stretches in which places were empty; what those do not know is NULL.
CREATE TABLE stock_health_days (
    day      INTEGER NOT NULL, -- of the hospital's calendar, days since 1970
    place    TEXT    NOT NULL,
    items    INTEGER NOT NULL CHECK (items >= 0),
    empty    INTEGER NOT NULL CHECK (empty BETWEEN 0 AND items),
    low      INTEGER CHECK (low >= 0),
    expired  INTEGER CHECK (expired >= 0), -- lots; of the whole hospital alone, as the next two
    expiring INTEGER CHECK (expiring >= 0),
    held     INTEGER CHECK (held >= 0),
    told     INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)), -- 1: told later, from the ledger
    PRIMARY KEY (place, day)
) STRICT, WITHOUT ROWID;
