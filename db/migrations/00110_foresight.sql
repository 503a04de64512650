-- +goose Up
-- What a stream's past says of its fridge. Derived from its summaries, and learnt anew every day.
CREATE TABLE probe_habits (
    sensor    INTEGER PRIMARY KEY REFERENCES sensors (id),
    learnt_at INTEGER NOT NULL,
    hours     INTEGER NOT NULL CHECK (hours >= 0),
    cycle_ms  INTEGER NOT NULL CHECK (cycle_ms >= 0),
    unrest_mc INTEGER NOT NULL,
    trough_mc INTEGER NOT NULL,
    peak_mc   INTEGER NOT NULL,
    recovery_ms INTEGER NOT NULL,
    fast_ms   INTEGER NOT NULL,
    slow_ms   INTEGER NOT NULL CHECK (slow_ms >= fast_ms)
) STRICT;

-- Early warnings, with what became of them. power is 1 where the mains were away.
CREATE TABLE fridge_forewarnings (
    id         INTEGER PRIMARY KEY,
    fridge     TEXT    NOT NULL REFERENCES fridges (id),
    sensor     INTEGER NOT NULL REFERENCES sensors (id),
    rule       TEXT    NOT NULL,
    power      INTEGER NOT NULL CHECK (power IN (0, 1)),
    at         INTEGER NOT NULL,
    temp_mc    INTEGER NOT NULL,
    soonest_at INTEGER NOT NULL CHECK (soonest_at >= at),
    latest_at  INTEGER NOT NULL CHECK (latest_at >= soonest_at),
    outcome    TEXT    NOT NULL DEFAULT '' CHECK (outcome IN ('', 'came true', 'did not', 'nobody knows')),
    crossed_at INTEGER CHECK (crossed_at >= at),
    CHECK ((outcome = 'came true') = (crossed_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX one_open_forewarning_a_stream ON fridge_forewarnings (sensor) WHERE outcome = '';
CREATE INDEX fridge_forewarnings_by_fridge ON fridge_forewarnings (fridge, at);

-- +goose StatementBegin
CREATE TRIGGER forewarnings_are_settled_once BEFORE UPDATE ON fridge_forewarnings WHEN OLD.outcome <> ''
BEGIN
    SELECT RAISE(ABORT, 'what became of a forewarning is not changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER forewarnings_are_never_deleted BEFORE DELETE ON fridge_forewarnings
BEGIN
    SELECT RAISE(ABORT, 'forewarnings are kept, the wrong ones too');
END;
-- +goose StatementEnd
