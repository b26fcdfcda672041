-- When the first of all attempts was sent.
SELECT MIN(at_us) FROM attempts
