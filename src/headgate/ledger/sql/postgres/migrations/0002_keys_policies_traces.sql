-- Who asked (virtual key and team), what decided (policy, router, category), and the way there.
ALTER TABLE headgate.attempts
    ADD COLUMN queue_us BIGINT,
    ADD COLUMN key      TEXT COLLATE "C",
    ADD COLUMN team     TEXT COLLATE "C",
    ADD COLUMN policy   TEXT COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN router   TEXT COLLATE "C",
    ADD COLUMN category TEXT COLLATE "C",
    ADD COLUMN trace    TEXT COLLATE "C";
