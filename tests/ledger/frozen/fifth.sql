PRAGMA application_id = 1212434260;
PRAGMA user_version = 0;
BEGIN TRANSACTION;
CREATE TABLE accounts (
    scope      TEXT   NOT NULL,
    period     TEXT   NOT NULL,
    since_us   BIGINT NOT NULL,
    spent_nano BIGINT NOT NULL,
    held_nano  BIGINT NOT NULL,
    PRIMARY KEY (scope, period, since_us)
);
CREATE TABLE attempts (
    request_id            TEXT    NOT NULL,
    attempt               INTEGER NOT NULL,
    at_us                 INTEGER NOT NULL,
    purpose               TEXT    NOT NULL,
    dialect_in            TEXT    NOT NULL,
    dialect_out           TEXT    NOT NULL,
    route                 TEXT    NOT NULL,
    asked                 TEXT    NOT NULL,
    routed                INTEGER NOT NULL,
    tier                  TEXT    NOT NULL,
    premium               INTEGER NOT NULL,
    provider              TEXT    NOT NULL,
    model_asked           TEXT    NOT NULL,
    model_answered        TEXT,
    reason                TEXT    NOT NULL,
    cause                 TEXT    NOT NULL,
    score                 REAL,
    served                INTEGER NOT NULL,
    status                INTEGER,
    error                 TEXT,
    streamed              INTEGER NOT NULL,
    aborted               INTEGER NOT NULL,
    input_tokens          INTEGER NOT NULL,
    output_tokens         INTEGER NOT NULL,
    cache_read_tokens     INTEGER NOT NULL,
    cache_write_5m_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    reasoning_tokens      INTEGER NOT NULL,
    usage_source          TEXT    NOT NULL,
    card                  TEXT,
    cost_nano             INTEGER,
    premium_nano          INTEGER,
    first_token_us        INTEGER,
    total_us              INTEGER NOT NULL,
    session               TEXT,
    tags                  TEXT,
    config                TEXT    NOT NULL, queue_us INTEGER, key      TEXT, team     TEXT, policy   TEXT NOT NULL DEFAULT '', router   TEXT, category TEXT, trace    TEXT, role TEXT GENERATED ALWAYS AS (
    CASE WHEN purpose = 'shadow' OR cause = 'shadow' THEN 'shadow'
         WHEN purpose = 'classifier' THEN 'classifier'
         WHEN purpose IN ('verifier', 'judge') THEN 'check'
         WHEN served THEN 'answer'
         WHEN error = 'rejected' THEN 'draft'
         ELSE 'retry' END
) VIRTUAL, service_tier TEXT,
    PRIMARY KEY (request_id, attempt)
) STRICT;
INSERT INTO "attempts" VALUES('old-1',0,1795435200000000,'answer','openai','anthropic','/v1/chat/completions','auto',1,'cheap',0,'anthropic','claude-haiku-4-5','claude-haiku-4-5-20251001','classifier','first',NULL,1,200,NULL,0,0,1000,400,0,0,0,0,'measured','anthropic/claude-haiku-4-5@2025-10-15',3000000,9000000,210000,1900000,NULL,NULL,'0123456789ab',NULL,NULL,NULL,'',NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES('old-2',0,1795435200000000,'answer','openai','anthropic','/v1/chat/completions','auto',1,'cheap',0,'anthropic','claude-haiku-4-5','claude-haiku-4-5-20251001','classifier','first',NULL,0,200,'timeout',0,0,1000,400,0,0,0,0,'measured',NULL,NULL,9000000,210000,1900000,NULL,NULL,'0123456789ab',NULL,NULL,NULL,'',NULL,NULL,NULL,NULL);
INSERT INTO "attempts" VALUES('old-3',0,1795435200000000,'answer','openai','anthropic','/v1/chat/completions','auto',1,'cheap',0,'anthropic','claude-haiku-4-5','claude-haiku-4-5-20251001','classifier','first',NULL,1,200,NULL,0,0,1000,400,0,0,0,0,'measured','anthropic/claude-haiku-4-5@2025-10-15',3000000,9000000,210000,1900000,'s',NULL,'0123456789ab',NULL,NULL,NULL,'',NULL,NULL,NULL,NULL);
CREATE TABLE events (
    id      TEXT    NOT NULL PRIMARY KEY,
    at_us   INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;
INSERT INTO "events" VALUES('e1',1795435200000000,'alarm.raised','escalation','{"since_us": 1}');
CREATE TABLE hourly_attempts (
    hour                  INTEGER NOT NULL,
    sealed                INTEGER NOT NULL,
    routed                INTEGER NOT NULL,
    role                  TEXT    NOT NULL,
    tier                  TEXT    NOT NULL,
    premium               INTEGER NOT NULL,
    priced                INTEGER NOT NULL,
    provider              TEXT    NOT NULL,
    model                 TEXT    NOT NULL,
    route                 TEXT    NOT NULL,
    key                   TEXT    NOT NULL,
    team                  TEXT    NOT NULL,
    policy                TEXT    NOT NULL,
    reason                TEXT    NOT NULL,
    error                 TEXT    NOT NULL,
    attempts              INTEGER NOT NULL,
    estimated             INTEGER NOT NULL,
    aborted               INTEGER NOT NULL,
    cost_nano             INTEGER NOT NULL,
    input_tokens          INTEGER NOT NULL,
    output_tokens         INTEGER NOT NULL,
    cache_read_tokens     INTEGER NOT NULL,
    cache_write_5m_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    reasoning_tokens      INTEGER NOT NULL
) STRICT;
INSERT INTO "hourly_attempts" VALUES(498732,0,1,'answer','cheap',0,1,'anthropic','claude-haiku-4-5','/v1/chat/completions','','','','classifier','',2,0,0,6000000,2000,800,0,0,0,0);
INSERT INTO "hourly_attempts" VALUES(498732,0,1,'retry','cheap',0,0,'anthropic','claude-haiku-4-5','/v1/chat/completions','','','','classifier','timeout',1,0,0,0,1000,400,0,0,0,0);
CREATE TABLE hourly_latencies (
    hour     INTEGER NOT NULL,
    sealed   INTEGER NOT NULL,
    tier     TEXT    NOT NULL,
    provider TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    measure  TEXT    NOT NULL,
    from_us  INTEGER NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;
INSERT INTO "hourly_latencies" VALUES(498732,0,'cheap','anthropic','claude-haiku-4-5','first',197403,2);
INSERT INTO "hourly_latencies" VALUES(498732,0,'cheap','anthropic','claude-haiku-4-5','total',1878024,2);
CREATE TABLE hourly_requests (
    hour             INTEGER NOT NULL,
    sealed           INTEGER NOT NULL,
    routed           INTEGER NOT NULL,
    route            TEXT    NOT NULL,
    key              TEXT    NOT NULL,
    team             TEXT    NOT NULL,
    policy           TEXT    NOT NULL,
    requests         INTEGER NOT NULL,
    served           INTEGER NOT NULL,
    escalated        INTEGER NOT NULL,
    comparable       INTEGER NOT NULL,
    paid_nano        INTEGER NOT NULL,
    baseline_nano    INTEGER NOT NULL,
    paid_squared     REAL    NOT NULL,
    baseline_squared REAL    NOT NULL,
    paid_baseline    REAL    NOT NULL,
    first_us         INTEGER NOT NULL,
    last_us          INTEGER NOT NULL
) STRICT;
INSERT INTO "hourly_requests" VALUES(498732,0,1,'/v1/chat/completions','','','',3,2,0,2,6000000,18000000,18000000000000.0,162000000000000.0,54000000000000.0,1795435200000000,1795435200000000);
CREATE TABLE hourly_spend (
    hour      INTEGER NOT NULL,
    sealed    INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    unpriced  INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL
) STRICT;
INSERT INTO "hourly_spend" VALUES(498732,0,3,1,6000000);
CREATE TABLE hours (
    hour    INTEGER NOT NULL PRIMARY KEY,
    changes INTEGER NOT NULL,
    rolled  INTEGER NOT NULL
) STRICT;
INSERT INTO "hours" VALUES(498731,1,1);
INSERT INTO "hours" VALUES(498732,1,1);
INSERT INTO "hours" VALUES(498733,1,1);
CREATE TABLE key_state (
    step    INTEGER NOT NULL PRIMARY KEY,
    version BIGINT  NOT NULL
);
INSERT INTO "key_state" VALUES(1,1);
CREATE TABLE keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    created_us BIGINT NOT NULL,
    record     TEXT   NOT NULL
);
INSERT INTO "keys" VALUES('k1',1795435200000000,'{"id":"k1","name":"of old","team":null,"digest":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","limits":{},"labels":{},"created_us":1795435200000000,"expires_us":null,"revoked_us":null,"previous":null,"previous_until_us":null}');
CREATE TABLE leases (
    scope      TEXT   NOT NULL,
    period     TEXT   NOT NULL,
    since_us   BIGINT NOT NULL,
    holder     TEXT   NOT NULL,
    spent_nano BIGINT NOT NULL,
    held_nano  BIGINT NOT NULL,
    until_us   BIGINT NOT NULL,
    PRIMARY KEY (scope, period, since_us, holder)
);
CREATE TABLE migrations (
    step       INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    applied_us INTEGER NOT NULL
) STRICT;
INSERT INTO "migrations" VALUES(1,'0001_attempts',1795852220857010);
INSERT INTO "migrations" VALUES(2,'0002_keys_policies_traces',1795852220862456);
INSERT INTO "migrations" VALUES(3,'0003_events',1795852220862694);
INSERT INTO "migrations" VALUES(4,'0004_roles_rollups',1795852220863913);
INSERT INTO "migrations" VALUES(5,'0005_service_tiers',1795852220864215);
CREATE TABLE teams (
    name   TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL
);
CREATE INDEX attempts_at ON attempts (at_us);
CREATE INDEX events_at ON events (at_us);
CREATE INDEX hourly_attempts_hour ON hourly_attempts (hour);
CREATE INDEX hourly_requests_hour ON hourly_requests (hour);
CREATE INDEX hourly_latencies_hour ON hourly_latencies (hour);
CREATE INDEX hourly_spend_hour ON hourly_spend (hour);
CREATE INDEX leases_until ON leases (until_us);
COMMIT;
