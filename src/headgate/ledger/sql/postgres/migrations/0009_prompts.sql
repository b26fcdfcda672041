-- What callers asked and were answered, where the settings say that it is kept.
CREATE TABLE headgate.prompts (
    request_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_us         BIGINT           NOT NULL,
    dialect       TEXT             NOT NULL,
    request       TEXT             NOT NULL,
    request_bytes BIGINT           NOT NULL,
    answer        TEXT             NOT NULL,
    answer_bytes  BIGINT           NOT NULL,
    form          TEXT             NOT NULL
);
CREATE INDEX prompts_at ON headgate.prompts (at_us, request_id);
