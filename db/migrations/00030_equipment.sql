-- +goose Up
CREATE TABLE assets (
    id            TEXT    PRIMARY KEY CHECK (id <> ''),
    kind          TEXT    NOT NULL CHECK (kind <> ''),
    name          TEXT    NOT NULL,
    model         TEXT    NOT NULL DEFAULT '',
    serial        TEXT    NOT NULL DEFAULT '',
    unit_id       TEXT    NOT NULL DEFAULT '',

    status        TEXT    NOT NULL DEFAULT 'free' CHECK (status IN ('free', 'in_use', 'needs_cleaning', 'broken')),
    status_by     TEXT    NOT NULL DEFAULT '', -- empty: a room set it
    status_at     INTEGER NOT NULL DEFAULT 0,
    status_note   TEXT    NOT NULL DEFAULT '',

    -- The last place is kept for ever; seen_at says how old it is.
    room_id       TEXT    NOT NULL DEFAULT '',
    floor_id      TEXT    NOT NULL DEFAULT '',
    since         INTEGER NOT NULL DEFAULT 0,
    seen_at       INTEGER NOT NULL DEFAULT 0,
    confidence    REAL    NOT NULL DEFAULT 0 CHECK (confidence BETWEEN 0 AND 1),
    second_id     TEXT    NOT NULL DEFAULT '',
    second_conf   REAL    NOT NULL DEFAULT 0 CHECK (second_conf BETWEEN 0 AND 1),
    why           TEXT    NOT NULL DEFAULT '',
    heard_by      INTEGER NOT NULL DEFAULT 0,
    gateway_id    TEXT    NOT NULL DEFAULT '',
    battery_pct   INTEGER NOT NULL DEFAULT -1 CHECK (battery_pct BETWEEN -1 AND 100),
    battery_at    INTEGER NOT NULL DEFAULT 0,
    gone_at       INTEGER NOT NULL DEFAULT 0,
    doubted_by    TEXT    NOT NULL DEFAULT '',
    doubted_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX assets_by_kind ON assets (kind, status, room_id);
CREATE INDEX assets_by_room ON assets (room_id, status);
CREATE INDEX assets_by_floor ON assets (floor_id, room_id, kind, status);

CREATE TABLE asset_tags (
    identity TEXT PRIMARY KEY CHECK (identity <> ''),
    asset_id TEXT NOT NULL REFERENCES assets (id)
) STRICT;

CREATE INDEX asset_tags_by_asset ON asset_tags (asset_id);

-- What an asset is found by: every word of its kind, name, numbers and tags.
CREATE TABLE asset_words (
    word     TEXT NOT NULL,
    asset_id TEXT NOT NULL REFERENCES assets (id),
    PRIMARY KEY (word, asset_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX asset_words_by_asset ON asset_words (asset_id);

CREATE TABLE asset_kinds (
    kind TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE asset_moments (
    id         INTEGER PRIMARY KEY,
    asset_id   TEXT    NOT NULL REFERENCES assets (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('arrival', 'move', 'departure', 'mark', 'doubt')),
    at         INTEGER NOT NULL CHECK (at > 0),
    from_room  TEXT    NOT NULL DEFAULT '',
    to_room    TEXT    NOT NULL DEFAULT '',
    confidence REAL    NOT NULL DEFAULT 0,
    why        TEXT    NOT NULL DEFAULT '',
    status     TEXT    NOT NULL DEFAULT '',
    by_name    TEXT    NOT NULL DEFAULT '',
    note       TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX asset_moments_by_asset ON asset_moments (asset_id, at, id);

-- +goose StatementBegin
CREATE TRIGGER asset_moments_are_never_changed BEFORE UPDATE ON asset_moments
BEGIN
    SELECT RAISE(ABORT, 'asset_moments is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER asset_moments_are_never_deleted BEFORE DELETE ON asset_moments
BEGIN
    SELECT RAISE(ABORT, 'asset_moments is append-only');
END;
-- +goose StatementEnd
