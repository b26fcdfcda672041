-- All but those that have come farthest: nobody looks by the other settings any more.
DELETE FROM headgate.states WHERE name NOT IN (
    SELECT name FROM headgate.states ORDER BY sequence DESC, name LIMIT %(most)s
)
