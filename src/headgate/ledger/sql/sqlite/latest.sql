-- When the last of all attempts was sent.
SELECT MAX(at_us) FROM attempts
