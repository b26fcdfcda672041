-- What is kept already and has come farther stays.
INSERT INTO headgate.states (name, sequence, state) VALUES (%(subject)s, %(sequence)s, %(state)s)
ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, state = excluded.state
WHERE excluded.sequence >= headgate.states.sequence
