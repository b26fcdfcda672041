-- The sums at hand are those of the rows as they still are; no row where these have changed.
UPDATE hours SET rolled = changes WHERE hour = :hour AND changes = :changes
