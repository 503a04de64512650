-- +goose Up
-- What devices said that their short names stand for: Sparkplug's aliases, open-mSupply's
-- sensor ids. sender is the gateway whose token said so; empty for programs and the
-- hospital's own broker. Bounded by the program; what is lost is said anew at the next birth.
CREATE TABLE device_names (
    sender  TEXT    NOT NULL,
    name    TEXT    NOT NULL CHECK (name <> ''),
    means   TEXT    NOT NULL CHECK (means <> ''),
    said_at INTEGER NOT NULL,
    PRIMARY KEY (sender, name)
) STRICT, WITHOUT ROWID;
