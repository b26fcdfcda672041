-- The sums at hand are those of the rows as they still are; no row where these have changed.
UPDATE headgate.hours SET rolled = changes WHERE hour = %(hour)s AND changes = %(changes)s
