-- Virtual keys and teams: a digest of the secret, never the secret; limits and labels as JSON.
CREATE TABLE keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    created_us BIGINT NOT NULL,
    record     TEXT   NOT NULL
);

CREATE TABLE teams (
    name   TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL
);

-- What all processes together have spent of a budget, and what they hold of it for now.
CREATE TABLE accounts (
    scope      TEXT   NOT NULL,
    period     TEXT   NOT NULL,
    since_us   BIGINT NOT NULL,
    spent_nano BIGINT NOT NULL,
    held_nano  BIGINT NOT NULL,
    PRIMARY KEY (scope, period, since_us)
);

-- The part of each process in it; absolute numbers, so that saying a thing twice changes nothing.
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

CREATE INDEX leases_until ON leases (until_us);

-- One row: which steps these tables have been through, and a number that rises with every change
-- of a key or a team, so that gateways see one by reading it.
CREATE TABLE key_state (
    step    INTEGER NOT NULL PRIMARY KEY,
    version BIGINT  NOT NULL
);

INSERT INTO key_state (step, version) VALUES (1, 0);
