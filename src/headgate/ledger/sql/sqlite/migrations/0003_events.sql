-- What was done or found beside the attempts: alarms, actions, key changes, reloads. Append-only.
CREATE TABLE events (
    id      TEXT    NOT NULL PRIMARY KEY,
    at_us   INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;

CREATE INDEX events_at ON events (at_us);
