-- Times are microseconds since 1970 UTC, numbers the digits of E.164, words the kebab-case of the API.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- seller

CREATE TABLE sellers (
    id         TEXT PRIMARY KEY,
    profile    TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE prompts (
    seller      TEXT NOT NULL REFERENCES sellers (id),
    kind        TEXT NOT NULL,
    wav         BLOB NOT NULL,
    words       TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (seller, kind)
) STRICT;

-- consent

CREATE TABLE consent_texts (
    sha256 TEXT PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consents (
    id               TEXT PRIMARY KEY,
    number           INTEGER NOT NULL,
    seller           TEXT NOT NULL,
    level            TEXT NOT NULL,
    purposes         TEXT NOT NULL,
    channel          TEXT NOT NULL,
    granted_at       INTEGER NOT NULL,
    text_sha256      TEXT NOT NULL REFERENCES consent_texts (sha256),
    proof            TEXT NOT NULL,
    artificial_voice INTEGER NOT NULL,
    double_opt_in    INTEGER NOT NULL,
    expires_at       INTEGER,
    recorded_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_number ON consents (number, granted_at, id);

CREATE TABLE confirmations (
    consent     TEXT PRIMARY KEY REFERENCES consents (id),
    channel     TEXT NOT NULL,
    proof       TEXT NOT NULL,
    at          INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE revocations (
    id          TEXT PRIMARY KEY,
    number      INTEGER NOT NULL,
    seller      TEXT,
    channel     TEXT NOT NULL,
    said        TEXT,
    at          INTEGER NOT NULL,
    scope       TEXT NOT NULL,
    call        TEXT,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_number ON revocations (number);

-- suppression

CREATE TABLE suppressions (
    id          TEXT PRIMARY KEY,
    number      INTEGER NOT NULL,
    seller      TEXT,
    revocation  TEXT REFERENCES revocations (id),
    list        TEXT,
    reason      TEXT NOT NULL,
    source      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX suppressions_number ON suppressions (number, at, id);

CREATE TABLE list_versions (
    version      INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL,
    -- national, state, internal, litigator, reassigned: what the versions of one name replace.
    family       TEXT NOT NULL,
    name         TEXT NOT NULL,
    count        INTEGER NOT NULL,
    obtained_at  INTEGER NOT NULL,
    published_at INTEGER,
    effective_at INTEGER,
    expires_at   INTEGER,
    sha256       TEXT NOT NULL,
    imported_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX list_versions_family ON list_versions (family, name, obtained_at, version);

-- A version without a row here belongs to everybody.
CREATE TABLE list_owners (
    version INTEGER NOT NULL REFERENCES list_versions (version),
    seller  TEXT NOT NULL,
    PRIMARY KEY (version, seller)
) STRICT, WITHOUT ROWID;

-- National lists: the area codes of a version; `base` holds what a change list did not touch.
CREATE TABLE list_areas (
    area    INTEGER NOT NULL,
    version INTEGER NOT NULL REFERENCES list_versions (version),
    base    INTEGER REFERENCES list_versions (version),
    covered INTEGER NOT NULL,
    PRIMARY KEY (area, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX list_areas_version ON list_areas (version, area);

-- The numbers of one exchange (six digits) in one version: the last four digits, sorted, two bytes each, big end first.
CREATE TABLE list_blocks (
    exchange INTEGER NOT NULL,
    version  INTEGER NOT NULL REFERENCES list_versions (version),
    numbers  BLOB NOT NULL,
    UNIQUE (exchange, version)
) STRICT;
CREATE INDEX list_blocks_version ON list_blocks (version, exchange);

CREATE TABLE reassigned (
    number       INTEGER NOT NULL,
    consent_date TEXT NOT NULL,
    answer       TEXT NOT NULL,
    asked_at     INTEGER NOT NULL,
    version      INTEGER NOT NULL REFERENCES list_versions (version)
) STRICT;
CREATE INDEX reassigned_number ON reassigned (number, asked_at);

-- operator

CREATE TABLE emergency_areas (
    id   TEXT PRIMARY KEY,
    area TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE overrides (
    id          TEXT PRIMARY KEY,
    seller      TEXT NOT NULL,
    rule        TEXT NOT NULL,
    from_at     INTEGER NOT NULL,
    to_at       INTEGER,
    document    TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX overrides_seller ON overrides (seller, id);

CREATE TABLE relationships (
    id          TEXT PRIMARY KEY,
    number      INTEGER NOT NULL,
    seller      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX relationships_number ON relationships (number, at);

CREATE TABLE stops (
    scope  TEXT PRIMARY KEY,
    reason TEXT,
    since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- gate

CREATE TABLE rule_packs (
    sha256  TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    archive TEXT NOT NULL,
    put_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE decisions (
    id          TEXT PRIMARY KEY,
    callee      TEXT NOT NULL,
    number      INTEGER,
    seller      TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    clock       TEXT NOT NULL,
    facts       TEXT NOT NULL,
    decision    TEXT NOT NULL,
    pack_sha256 TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_number ON decisions (number, id);
CREATE INDEX decisions_clock ON decisions (clock);

-- dial

CREATE TABLE attempts (
    id           TEXT PRIMARY KEY,
    decision     TEXT NOT NULL UNIQUE REFERENCES decisions (id),
    number       INTEGER NOT NULL,
    seller       TEXT NOT NULL,
    caller_id    TEXT NOT NULL,
    call         TEXT,
    campaign     TEXT,
    lead         TEXT,
    state        TEXT NOT NULL,
    token_sha256 BLOB NOT NULL UNIQUE,
    reserved_at  INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    redeemed_at  INTEGER,
    ended_at     INTEGER,
    outcome      TEXT,
    note         TEXT
) STRICT;
CREATE INDEX attempts_callee ON attempts (number, seller, reserved_at);
CREATE INDEX attempts_lead ON attempts (lead);
CREATE INDEX attempts_reserved ON attempts (expires_at) WHERE state = 'reserved';
CREATE INDEX attempts_dialing ON attempts (id) WHERE state = 'dialing';

CREATE TABLE calls (
    id          TEXT PRIMARY KEY,
    attempt     TEXT NOT NULL UNIQUE REFERENCES attempts (id),
    decision    TEXT NOT NULL,
    number      INTEGER NOT NULL,
    seller      TEXT NOT NULL,
    campaign    TEXT,
    lead        TEXT,
    trunk       TEXT NOT NULL,
    agent       TEXT NOT NULL,
    state       TEXT NOT NULL,
    outcome     TEXT,
    sip_status  INTEGER,
    answered_by TEXT,
    opt_out     INTEGER NOT NULL,
    disclosure  TEXT,
    started_at  INTEGER NOT NULL,
    answered_at INTEGER,
    ended_at    INTEGER,
    note        TEXT,
    clock       TEXT NOT NULL
) STRICT;
CREATE INDEX calls_number ON calls (number, id);
CREATE INDEX calls_campaign ON calls (campaign, id);
CREATE INDEX calls_opt_out ON calls (campaign) WHERE opt_out = 1;

-- campaign, lead

CREATE TABLE campaigns (
    id         TEXT PRIMARY KEY,
    plan       TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE leads (
    id              TEXT PRIMARY KEY,
    campaign        TEXT REFERENCES campaigns (id),
    seller          TEXT,
    number          INTEGER NOT NULL,
    place           TEXT NOT NULL,
    external_id     TEXT,
    extra           TEXT NOT NULL,
    state           TEXT NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    last_outcome    TEXT,
    last_reasons    TEXT NOT NULL,
    last_decision   TEXT,
    received_at     INTEGER NOT NULL,
    UNIQUE (campaign, number)
) STRICT;
CREATE INDEX leads_state ON leads (campaign, state, id);
CREATE INDEX leads_campaign ON leads (campaign, id);
CREATE INDEX leads_due ON leads (campaign, next_attempt_at, id) WHERE state IN ('queued', 'deferred');
CREATE INDEX leads_reserved ON leads (id) WHERE state = 'reserved';
CREATE INDEX leads_in_call ON leads (id) WHERE state = 'in-call';
CREATE INDEX leads_number ON leads (number) WHERE state IN ('queued', 'deferred', 'reserved');

-- evidence

CREATE TABLE events (
    seq     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    at      INTEGER NOT NULL,
    type    TEXT NOT NULL,
    clock   TEXT NOT NULL,
    subject TEXT NOT NULL,
    data    TEXT NOT NULL,
    prev    TEXT NOT NULL,
    hash    TEXT NOT NULL
) STRICT;
CREATE INDEX events_type ON events (type, seq);
CREATE INDEX events_clock ON events (clock, seq);
CREATE INDEX events_number ON events (json_extract(subject, '$.number'), seq);
CREATE INDEX events_call ON events (json_extract(subject, '$.call'), seq);
CREATE INDEX events_seller ON events (json_extract(subject, '$.seller'), seq);
CREATE INDEX events_campaign ON events (json_extract(subject, '$.campaign'), seq);

CREATE TABLE event_head (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    seq       INTEGER NOT NULL,
    hash      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    key       TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;

-- keys

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    sha256     BLOB NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    sellers    TEXT NOT NULL,
    name       TEXT,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE idempotency (
    caller      TEXT NOT NULL,
    key         TEXT NOT NULL,
    body_sha256 BLOB NOT NULL,
    begun_at    INTEGER NOT NULL,
    status      INTEGER,
    body        BLOB,
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX idempotency_begun ON idempotency (begun_at);

-- INVARIANT (append-only): what is evidence is never changed or removed.

CREATE TRIGGER events_keep_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_keep_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER consents_keep_update BEFORE UPDATE ON consents BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
CREATE TRIGGER consents_keep_delete BEFORE DELETE ON consents BEGIN SELECT RAISE(ABORT, 'consents are append-only'); END;
CREATE TRIGGER consent_texts_keep_update BEFORE UPDATE ON consent_texts BEGIN SELECT RAISE(ABORT, 'consent texts are append-only'); END;
CREATE TRIGGER consent_texts_keep_delete BEFORE DELETE ON consent_texts BEGIN SELECT RAISE(ABORT, 'consent texts are append-only'); END;
CREATE TRIGGER confirmations_keep_update BEFORE UPDATE ON confirmations BEGIN SELECT RAISE(ABORT, 'confirmations are append-only'); END;
CREATE TRIGGER confirmations_keep_delete BEFORE DELETE ON confirmations BEGIN SELECT RAISE(ABORT, 'confirmations are append-only'); END;
CREATE TRIGGER revocations_keep_update BEFORE UPDATE ON revocations BEGIN SELECT RAISE(ABORT, 'revocations are append-only'); END;
CREATE TRIGGER revocations_keep_delete BEFORE DELETE ON revocations BEGIN SELECT RAISE(ABORT, 'revocations are append-only'); END;
CREATE TRIGGER suppressions_keep_update BEFORE UPDATE ON suppressions BEGIN SELECT RAISE(ABORT, 'suppressions are append-only'); END;
CREATE TRIGGER suppressions_keep_delete BEFORE DELETE ON suppressions BEGIN SELECT RAISE(ABORT, 'suppressions are append-only'); END;
CREATE TRIGGER decisions_keep_update BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_keep_delete BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
