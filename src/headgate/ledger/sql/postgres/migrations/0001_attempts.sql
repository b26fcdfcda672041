-- The facts: one row for every attempt, never updated.
-- Texts compare by their bytes (COLLATE "C"), so that every database sorts them alike.
CREATE TABLE headgate.attempts (
    sequence              BIGINT GENERATED ALWAYS AS IDENTITY UNIQUE,
    request_id            TEXT COLLATE "C" NOT NULL,
    attempt               BIGINT           NOT NULL,
    at_us                 BIGINT           NOT NULL,
    purpose               TEXT COLLATE "C" NOT NULL,
    dialect_in            TEXT COLLATE "C" NOT NULL,
    dialect_out           TEXT COLLATE "C" NOT NULL,
    route                 TEXT COLLATE "C" NOT NULL,
    asked                 TEXT COLLATE "C" NOT NULL,
    routed                BOOLEAN          NOT NULL,
    tier                  TEXT COLLATE "C" NOT NULL,
    premium               BOOLEAN          NOT NULL,
    provider              TEXT COLLATE "C" NOT NULL,
    model_asked           TEXT COLLATE "C" NOT NULL,
    model_answered        TEXT COLLATE "C",
    reason                TEXT COLLATE "C" NOT NULL,
    cause                 TEXT COLLATE "C" NOT NULL,
    score                 DOUBLE PRECISION,
    served                BOOLEAN          NOT NULL,
    status                BIGINT,
    error                 TEXT COLLATE "C",
    streamed              BOOLEAN          NOT NULL,
    aborted               BOOLEAN          NOT NULL,
    input_tokens          BIGINT           NOT NULL,
    output_tokens         BIGINT           NOT NULL,
    cache_read_tokens     BIGINT           NOT NULL,
    cache_write_5m_tokens BIGINT           NOT NULL,
    cache_write_1h_tokens BIGINT           NOT NULL,
    reasoning_tokens      BIGINT           NOT NULL,
    usage_source          TEXT COLLATE "C" NOT NULL,
    card                  TEXT COLLATE "C",
    cost_nano             BIGINT,
    premium_nano          BIGINT,
    first_token_us        BIGINT,
    total_us              BIGINT           NOT NULL,
    session               TEXT COLLATE "C",
    tags                  TEXT COLLATE "C",
    config                TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (request_id, attempt)
);

CREATE INDEX attempts_at ON headgate.attempts (at_us);

-- Which steps this database has been through; the highest is its schema version.
CREATE TABLE headgate.migrations (
    step       BIGINT           NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    applied_us BIGINT           NOT NULL
);
