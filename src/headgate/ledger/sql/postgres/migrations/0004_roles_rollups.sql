-- What each attempt was to its request. The store asks no other column for it, nor need you.
ALTER TABLE headgate.attempts ADD COLUMN role TEXT COLLATE "C" GENERATED ALWAYS AS (
    CASE WHEN purpose = 'shadow' OR cause = 'shadow' THEN 'shadow'
         WHEN purpose = 'classifier' THEN 'classifier'
         WHEN purpose IN ('verifier', 'judge') THEN 'check'
         WHEN served THEN 'answer'
         WHEN error = 'rejected' THEN 'draft'
         ELSE 'retry' END
) STORED;

-- Every hour that holds attempts, or might: which of its sums are no longer those of its rows.
CREATE TABLE headgate.hours (
    hour    BIGINT           NOT NULL PRIMARY KEY,
    changes BIGINT           NOT NULL,
    rolled  BIGINT           NOT NULL
);

INSERT INTO headgate.hours (hour, changes, rolled)
SELECT DISTINCT at_us / 3600000000 + near, 1, 0
FROM headgate.attempts, generate_series(-1, 1) AS near;

-- Sums over the attempts of the requests that began in the hour.
CREATE TABLE headgate.hourly_attempts (
    hour                  BIGINT           NOT NULL,
    sealed                BOOLEAN          NOT NULL,
    routed                BOOLEAN          NOT NULL,
    role                  TEXT COLLATE "C" NOT NULL,
    tier                  TEXT COLLATE "C" NOT NULL,
    premium               BOOLEAN          NOT NULL,
    priced                BOOLEAN          NOT NULL,
    provider              TEXT COLLATE "C" NOT NULL,
    model                 TEXT COLLATE "C" NOT NULL,
    route                 TEXT COLLATE "C" NOT NULL,
    key                   TEXT COLLATE "C" NOT NULL,
    team                  TEXT COLLATE "C" NOT NULL,
    policy                TEXT COLLATE "C" NOT NULL,
    reason                TEXT COLLATE "C" NOT NULL,
    error                 TEXT COLLATE "C" NOT NULL,
    attempts              BIGINT           NOT NULL,
    estimated             BIGINT           NOT NULL,
    aborted               BIGINT           NOT NULL,
    cost_nano             BIGINT           NOT NULL,
    input_tokens          BIGINT           NOT NULL,
    output_tokens         BIGINT           NOT NULL,
    cache_read_tokens     BIGINT           NOT NULL,
    cache_write_5m_tokens BIGINT           NOT NULL,
    cache_write_1h_tokens BIGINT           NOT NULL,
    reasoning_tokens      BIGINT           NOT NULL
);

CREATE INDEX hourly_attempts_hour ON headgate.hourly_attempts (hour);

-- Sums over the requests that began in the hour; shadows are no part of a request.
CREATE TABLE headgate.hourly_requests (
    hour             BIGINT           NOT NULL,
    sealed           BOOLEAN          NOT NULL,
    routed           BOOLEAN          NOT NULL,
    route            TEXT COLLATE "C" NOT NULL,
    key              TEXT COLLATE "C" NOT NULL,
    team             TEXT COLLATE "C" NOT NULL,
    policy           TEXT COLLATE "C" NOT NULL,
    requests         BIGINT           NOT NULL,
    served           BIGINT           NOT NULL,
    escalated        BIGINT           NOT NULL,
    comparable       BIGINT           NOT NULL,
    paid_nano        BIGINT           NOT NULL,
    baseline_nano    BIGINT           NOT NULL,
    paid_squared     DOUBLE PRECISION NOT NULL,
    baseline_squared DOUBLE PRECISION NOT NULL,
    paid_baseline    DOUBLE PRECISION NOT NULL,
    first_us         BIGINT           NOT NULL,
    last_us          BIGINT           NOT NULL
);

CREATE INDEX hourly_requests_hour ON headgate.hourly_requests (hour);

-- How long the answers of the requests that began in the hour took: a histogram.
CREATE TABLE headgate.hourly_latencies (
    hour     BIGINT           NOT NULL,
    sealed   BOOLEAN          NOT NULL,
    tier     TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    model    TEXT COLLATE "C" NOT NULL,
    measure  TEXT COLLATE "C" NOT NULL,
    from_us  BIGINT           NOT NULL,
    attempts BIGINT           NOT NULL
);

CREATE INDEX hourly_latencies_hour ON headgate.hourly_latencies (hour);

-- Sums over the attempts that were sent in the hour, whenever their requests began.
CREATE TABLE headgate.hourly_spend (
    hour      BIGINT           NOT NULL,
    sealed    BOOLEAN          NOT NULL,
    attempts  BIGINT           NOT NULL,
    unpriced  BIGINT           NOT NULL,
    cost_nano BIGINT           NOT NULL
);

CREATE INDEX hourly_spend_hour ON headgate.hourly_spend (hour);
