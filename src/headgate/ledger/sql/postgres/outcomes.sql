-- The served routed requests among the rows after one, a page of them, in the order stored.
SELECT
    sequence, at_us, route, asked, reason, provider || '/' || model_asked, config, premium
FROM headgate.attempts
WHERE sequence > %(after)s AND routed AND served
ORDER BY sequence
LIMIT %(page)s
