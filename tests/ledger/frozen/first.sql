PRAGMA application_id = 1212434260;
PRAGMA user_version = 0;
BEGIN TRANSACTION;
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
    config                TEXT    NOT NULL,
    PRIMARY KEY (request_id, attempt)
) STRICT;
INSERT INTO "attempts" VALUES('old-1',0,1795435200000000,'answer','openai','anthropic','/v1/chat/completions','auto',1,'cheap',0,'anthropic','claude-haiku-4-5','claude-haiku-4-5-20251001','classifier','first',NULL,1,200,NULL,0,0,1000,400,0,0,0,0,'measured','anthropic/claude-haiku-4-5@2025-10-15',3000000,9000000,210000,1900000,NULL,NULL,'0123456789ab');
INSERT INTO "attempts" VALUES('old-2',0,1795435200000000,'answer','openai','anthropic','/v1/chat/completions','auto',1,'cheap',0,'anthropic','claude-haiku-4-5','claude-haiku-4-5-20251001','classifier','first',NULL,0,200,'timeout',0,0,1000,400,0,0,0,0,'measured',NULL,NULL,9000000,210000,1900000,NULL,NULL,'0123456789ab');
INSERT INTO "attempts" VALUES('old-3',0,1795435200000000,'answer','openai','anthropic','/v1/chat/completions','auto',1,'cheap',0,'anthropic','claude-haiku-4-5','claude-haiku-4-5-20251001','classifier','first',NULL,1,200,NULL,0,0,1000,400,0,0,0,0,'measured','anthropic/claude-haiku-4-5@2025-10-15',3000000,9000000,210000,1900000,'s',NULL,'0123456789ab');
CREATE TABLE migrations (
    step       INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    applied_us INTEGER NOT NULL
) STRICT;
INSERT INTO "migrations" VALUES(1,'0001_attempts',1795852105966031);
CREATE INDEX attempts_at ON attempts (at_us);
COMMIT;
