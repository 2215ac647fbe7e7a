-- A decision's record costs its pages twice: to whoever waits for it to be durable, and for as long as it is kept. Its
-- texts stand as what differs from an earlier decision's, rows are found by their place in the log, and the entries that
-- every decision writes are left out of indexes that can do without them. (Applied with foreign keys off: tables that
-- others refer to are put in order anew.)

-- Texts that the texts of decisions are kept as differences from.
CREATE TABLE decision_patterns (
    id     INTEGER PRIMARY KEY,
    seller TEXT NOT NULL,
    text   TEXT NOT NULL
) STRICT;
CREATE INDEX decision_patterns_seller ON decision_patterns (seller, id);

-- The seller's part of the facts of decisions.
CREATE TABLE seller_facts (
    sha256 TEXT PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions_now (
    -- The place of its entry in the log.
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    callee      TEXT NOT NULL,
    number      INTEGER,
    seller      TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    clock       TEXT NOT NULL,
    pack_sha256 TEXT NOT NULL,
    -- Null: the texts stand as they are.
    pattern     INTEGER REFERENCES decision_patterns (id),
    -- Facts and decision, one after the other; the first has so many bytes.
    texts       BLOB NOT NULL,
    facts_bytes INTEGER NOT NULL
) STRICT;
INSERT INTO decisions_now (seq, id, callee, number, seller, verdict, at, clock, pack_sha256, texts, facts_bytes)
    SELECT e.seq, d.id, d.callee, d.number, d.seller, d.verdict, d.at, d.clock, d.pack_sha256,
        CAST(d.facts || d.decision AS BLOB), length(CAST(d.facts AS BLOB))
    FROM decisions d JOIN events e ON e.type = 'gate.decided' AND json_extract(e.subject, '$.decision') = d.id;

CREATE TABLE attempts_now (
    -- Its decision's place in the log.
    seq          INTEGER PRIMARY KEY REFERENCES decisions (seq),
    -- Its own.
    reserved_seq INTEGER NOT NULL,
    id           TEXT NOT NULL UNIQUE,
    decision     TEXT NOT NULL,
    number       INTEGER NOT NULL,
    seller       TEXT NOT NULL,
    caller_id    TEXT NOT NULL,
    call         TEXT,
    campaign     TEXT,
    lead         TEXT,
    state        TEXT NOT NULL,
    token_sha256 BLOB NOT NULL,
    reserved_at  INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    redeemed_at  INTEGER,
    ended_at     INTEGER,
    outcome      TEXT,
    note         TEXT
) STRICT;
INSERT INTO attempts_now
    SELECT d.seq, e.seq, a.id, a.decision, a.number, a.seller, a.caller_id, a.call, a.campaign, a.lead, a.state,
        a.token_sha256, a.reserved_at, a.expires_at, a.redeemed_at, a.ended_at, a.outcome, a.note
    FROM attempts a JOIN decisions_now d ON d.id = a.decision
        JOIN events e ON e.type = 'dial.reserved' AND json_extract(e.subject, '$.attempt') = a.id;

DROP TABLE attempts;
DROP TABLE decisions;
ALTER TABLE decisions_now RENAME TO decisions;
ALTER TABLE attempts_now RENAME TO attempts;

-- Each decision is in one of the two: those that count towards caps, and those that do not.
CREATE INDEX decisions_allowed ON decisions (number, at) WHERE verdict = 'allow';
CREATE INDEX decisions_other ON decisions (number, at) WHERE verdict <> 'allow';
CREATE INDEX attempts_lead ON attempts (lead) WHERE lead IS NOT NULL;
CREATE INDEX attempts_reserved ON attempts (expires_at) WHERE state = 'reserved';
CREATE INDEX attempts_dialing ON attempts (id) WHERE state = 'dialing';

CREATE TABLE events_now (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL,
    at      INTEGER NOT NULL,
    type    TEXT NOT NULL,
    clock   TEXT NOT NULL,
    subject TEXT NOT NULL,
    data    TEXT NOT NULL,
    prev    TEXT NOT NULL,
    hash    TEXT NOT NULL
) STRICT;
INSERT INTO events_now SELECT * FROM events ORDER BY seq;
DROP TABLE events;
ALTER TABLE events_now RENAME TO events;

-- Entries of these two kinds are found through their decisions, and are too many to be worth an index by kind.
CREATE INDEX events_type ON events (type, seq) WHERE type NOT IN ('gate.decided', 'dial.reserved');
CREATE INDEX events_number ON events (json_extract(subject, '$.number'), seq)
    WHERE type NOT IN ('gate.decided', 'dial.reserved');
CREATE INDEX events_clock ON events (seq) WHERE clock = 'test';
CREATE INDEX events_call ON events (json_extract(subject, '$.call'), seq)
    WHERE json_extract(subject, '$.call') IS NOT NULL;
CREATE INDEX events_seller ON events (json_extract(subject, '$.seller'), seq);
CREATE INDEX events_campaign ON events (json_extract(subject, '$.campaign'), seq)
    WHERE json_extract(subject, '$.campaign') IS NOT NULL;

CREATE TRIGGER events_keep_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_keep_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER decisions_keep_update BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_keep_delete BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER seller_facts_keep_update BEFORE UPDATE ON seller_facts
    BEGIN SELECT RAISE(ABORT, 'seller facts are append-only'); END;
CREATE TRIGGER seller_facts_keep_delete BEFORE DELETE ON seller_facts
    BEGIN SELECT RAISE(ABORT, 'seller facts are append-only'); END;
CREATE TRIGGER decision_patterns_keep_update BEFORE UPDATE ON decision_patterns
    BEGIN SELECT RAISE(ABORT, 'decision patterns are append-only'); END;
CREATE TRIGGER decision_patterns_keep_delete BEFORE DELETE ON decision_patterns
    BEGIN SELECT RAISE(ABORT, 'decision patterns are append-only'); END;
