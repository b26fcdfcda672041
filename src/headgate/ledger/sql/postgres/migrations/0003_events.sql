-- What was done or found beside the attempts: alarms, actions, key changes, reloads. Append-only.
CREATE TABLE headgate.events (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_us   BIGINT           NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    detail  TEXT COLLATE "C" NOT NULL
);

CREATE INDEX events_at ON headgate.events (at_us);
