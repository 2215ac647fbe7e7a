-- Numbers that wait for a person's decision, and events on their way to other systems.

CREATE TABLE holds (
    id         TEXT PRIMARY KEY,
    number     INTEGER NOT NULL,
    -- Whom it binds; null: every seller.
    seller     TEXT,
    call       TEXT,
    channel    TEXT NOT NULL,
    said       TEXT NOT NULL,
    heard      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    -- Undecided until then, it is an opt-out.
    due_at     INTEGER NOT NULL,
    -- open, released, opted-out
    state      TEXT NOT NULL,
    decided_at INTEGER,
    decided_by TEXT,
    note       TEXT
) STRICT;
CREATE INDEX holds_number ON holds (number, at, id);
CREATE INDEX holds_due ON holds (due_at) WHERE state = 'open';

CREATE TABLE webhook_endpoints (
    id         TEXT PRIMARY KEY,
    url        TEXT NOT NULL,
    events     TEXT NOT NULL,
    -- Null: the configuration holds it.
    secret     TEXT,
    configured INTEGER NOT NULL,
    -- Up to this place in the log, what concerns it has been put into webhook_deliveries.
    cursor     INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What has been delivered has no row any more.
CREATE TABLE webhook_deliveries (
    id          TEXT PRIMARY KEY,
    endpoint    TEXT NOT NULL REFERENCES webhook_endpoints (id),
    seq         INTEGER NOT NULL REFERENCES events (seq),
    attempts    INTEGER NOT NULL,
    -- Null: dead.
    due_at      INTEGER,
    last_status INTEGER,
    last_error  TEXT,
    created_at  INTEGER NOT NULL,
    UNIQUE (endpoint, seq)
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint, due_at) WHERE due_at IS NOT NULL;
