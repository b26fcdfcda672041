-- What an answer is stored under at its provider, by which callers ask for it again.
ALTER TABLE attempts ADD COLUMN answer_id TEXT;

CREATE INDEX attempts_answer ON attempts (answer_id) WHERE answer_id IS NOT NULL;
