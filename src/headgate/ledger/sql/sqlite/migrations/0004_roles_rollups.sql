-- What each attempt was to its request. The store asks no other column for it, nor need you.
ALTER TABLE attempts ADD COLUMN role TEXT GENERATED ALWAYS AS (
    CASE WHEN purpose = 'shadow' OR cause = 'shadow' THEN 'shadow'
         WHEN purpose = 'classifier' THEN 'classifier'
         WHEN purpose IN ('verifier', 'judge') THEN 'check'
         WHEN served THEN 'answer'
         WHEN error = 'rejected' THEN 'draft'
         ELSE 'retry' END
) VIRTUAL;

-- Every hour that holds attempts, or might: which of its sums are no longer those of its rows.
CREATE TABLE hours (
    hour    INTEGER NOT NULL PRIMARY KEY,
    changes INTEGER NOT NULL,
    rolled  INTEGER NOT NULL
) STRICT;

INSERT INTO hours (hour, changes, rolled)
SELECT DISTINCT at_us / 3600000000 + near.value, 1, 0
FROM attempts, json_each('[-1, 0, 1]') AS near;

-- Sums over the attempts of the requests that began in the hour.
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

CREATE INDEX hourly_attempts_hour ON hourly_attempts (hour);

-- Sums over the requests that began in the hour; shadows are no part of a request.
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

CREATE INDEX hourly_requests_hour ON hourly_requests (hour);

-- How long the answers of the requests that began in the hour took: a histogram.
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

CREATE INDEX hourly_latencies_hour ON hourly_latencies (hour);

-- Sums over the attempts that were sent in the hour, whenever their requests began.
CREATE TABLE hourly_spend (
    hour      INTEGER NOT NULL,
    sealed    INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    unpriced  INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL
) STRICT;

CREATE INDEX hourly_spend_hour ON hourly_spend (hour);
