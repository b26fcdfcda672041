-- Who asked (virtual key and team), what decided (policy, router, category), and the way there.
ALTER TABLE attempts ADD COLUMN queue_us INTEGER;
ALTER TABLE attempts ADD COLUMN key      TEXT;
ALTER TABLE attempts ADD COLUMN team     TEXT;
ALTER TABLE attempts ADD COLUMN policy   TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN router   TEXT;
ALTER TABLE attempts ADD COLUMN category TEXT;
ALTER TABLE attempts ADD COLUMN trace    TEXT;
