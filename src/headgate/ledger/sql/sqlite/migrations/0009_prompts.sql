-- What callers asked and were answered, where the settings say that it is kept.
CREATE TABLE prompts (
    request_id    TEXT    NOT NULL PRIMARY KEY,
    at_us         INTEGER NOT NULL,
    dialect       TEXT    NOT NULL,
    request       TEXT    NOT NULL,
    request_bytes INTEGER NOT NULL,
    answer        TEXT    NOT NULL,
    answer_bytes  INTEGER NOT NULL,
    form          TEXT    NOT NULL
) STRICT;
CREATE INDEX prompts_at ON prompts (at_us, request_id);
