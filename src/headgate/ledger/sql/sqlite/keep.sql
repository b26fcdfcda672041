-- What is kept already and has come farther stays.
INSERT INTO states (name, sequence, state) VALUES (:subject, :sequence, :state)
ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, state = excluded.state
WHERE excluded.sequence >= states.sequence
