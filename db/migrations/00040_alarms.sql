-- +goose Up
CREATE TABLE alarms (
    id             INTEGER PRIMARY KEY,
    kind           TEXT    NOT NULL CHECK (kind <> ''),
    subject        TEXT    NOT NULL CHECK (subject <> ''),
    name           TEXT    NOT NULL,
    text           TEXT    NOT NULL,
    severity       INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 3),
    raised_at      INTEGER NOT NULL CHECK (raised_at > 0),
    ack_at         INTEGER,
    ack_by         TEXT    NOT NULL DEFAULT '',
    ack_by_name    TEXT    NOT NULL DEFAULT '',
    ack_reason     TEXT    NOT NULL DEFAULT '',
    ack_note       TEXT    NOT NULL DEFAULT '',
    ack_until      INTEGER,
    returned_at    INTEGER,
    closed_at      INTEGER,
    closed_by      TEXT    NOT NULL DEFAULT '',
    closed_by_name TEXT    NOT NULL DEFAULT '',
    close_note     TEXT    NOT NULL DEFAULT '',
    version        INTEGER NOT NULL CHECK (version > 0),
    -- Acknowledging takes a person, a reason and an end; closing takes a return, a person and a note.
    CHECK ((ack_at IS NULL) = (ack_until IS NULL)),
    CHECK (ack_at IS NULL OR (ack_by <> '' AND ack_reason <> '')),
    CHECK (closed_at IS NULL OR (returned_at IS NOT NULL AND closed_by <> '' AND close_note <> ''))
) STRICT;

CREATE UNIQUE INDEX one_ongoing_alarm_a_trouble ON alarms (kind, subject) WHERE returned_at IS NULL AND closed_at IS NULL;
CREATE INDEX alarms_open ON alarms (severity, id) WHERE closed_at IS NULL;
CREATE INDEX alarms_closed ON alarms (id) WHERE closed_at IS NOT NULL;
CREATE INDEX alarms_by_subject ON alarms (subject, id);

CREATE TABLE notices (
    id             INTEGER PRIMARY KEY,
    alarm          INTEGER NOT NULL REFERENCES alarms (id),
    step           INTEGER NOT NULL CHECK (step >= 0),
    way            TEXT    NOT NULL CHECK (way <> ''),
    recipient      TEXT    NOT NULL CHECK (recipient <> ''),
    recipient_name TEXT    NOT NULL,
    due_at         INTEGER NOT NULL,
    status         TEXT    NOT NULL CHECK (status IN ('waiting', 'sending', 'sent', 'failed', 'stopped')),
    tries          INTEGER NOT NULL CHECK (tries >= 0),
    try_at         INTEGER NOT NULL,
    done_at        INTEGER,
    outcome        TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX notices_due ON notices (try_at) WHERE status IN ('waiting', 'sending');
CREATE INDEX notices_by_alarm ON notices (alarm, due_at);
