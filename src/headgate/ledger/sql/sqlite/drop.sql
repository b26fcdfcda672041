-- All but those that have come farthest: nobody looks by the other settings any more.
DELETE FROM states WHERE name NOT IN (
    SELECT name FROM states ORDER BY sequence DESC, name LIMIT :most
)
