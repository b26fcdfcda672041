-- Sums of whole days, put together from those of their hours: so a month is thirty of them. They hold
-- while the changes of the day's hours add up to what they did.
CREATE TABLE days (
    day     INTEGER NOT NULL PRIMARY KEY,
    changes INTEGER NOT NULL
) STRICT;

CREATE TABLE daily_attempts (
    day                   INTEGER NOT NULL,
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

CREATE INDEX daily_attempts_day ON daily_attempts (day);

CREATE TABLE daily_requests (
    day              INTEGER NOT NULL,
    routed           INTEGER NOT NULL,
    route            TEXT    NOT NULL,
    key              TEXT    NOT NULL,
    team             TEXT    NOT NULL,
    policy           TEXT    NOT NULL,
    model            TEXT    NOT NULL,
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

CREATE INDEX daily_requests_day ON daily_requests (day);

CREATE TABLE daily_latencies (
    day      INTEGER NOT NULL,
    tier     TEXT    NOT NULL,
    provider TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    measure  TEXT    NOT NULL,
    from_us  INTEGER NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;

CREATE INDEX daily_latencies_day ON daily_latencies (day);
