-- Sums of whole days, put together from those of their hours: so a month is thirty of them. They hold
-- while the changes of the day's hours add up to what they did.
CREATE TABLE headgate.days (
    day     BIGINT NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
);

CREATE TABLE headgate.daily_attempts (
    day                   BIGINT           NOT NULL,
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

CREATE INDEX daily_attempts_day ON headgate.daily_attempts (day);

CREATE TABLE headgate.daily_requests (
    day              BIGINT           NOT NULL,
    routed           BOOLEAN          NOT NULL,
    route            TEXT COLLATE "C" NOT NULL,
    key              TEXT COLLATE "C" NOT NULL,
    team             TEXT COLLATE "C" NOT NULL,
    policy           TEXT COLLATE "C" NOT NULL,
    model            TEXT COLLATE "C" NOT NULL,
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

CREATE INDEX daily_requests_day ON headgate.daily_requests (day);

CREATE TABLE headgate.daily_latencies (
    day      BIGINT           NOT NULL,
    tier     TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    model    TEXT COLLATE "C" NOT NULL,
    measure  TEXT COLLATE "C" NOT NULL,
    from_us  BIGINT           NOT NULL,
    attempts BIGINT           NOT NULL
);

CREATE INDEX daily_latencies_day ON headgate.daily_latencies (day);
