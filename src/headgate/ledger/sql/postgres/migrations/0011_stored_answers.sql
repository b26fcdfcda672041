-- What an answer is stored under at its provider, by which callers ask for it again.
ALTER TABLE headgate.attempts ADD COLUMN answer_id TEXT COLLATE "C";

CREATE INDEX attempts_answer ON headgate.attempts (answer_id) WHERE answer_id IS NOT NULL;
