-- The facts: one row for every attempt, never updated.
-- A rowid table, so that rows are laid down in the order they come whatever request ids look like.
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

CREATE INDEX attempts_at ON attempts (at_us);

-- Which steps this file has been through; the highest is its schema version.
CREATE TABLE migrations (
    step       INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    applied_us INTEGER NOT NULL
) STRICT;
