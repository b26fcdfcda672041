-- How long the answers of the requests that began within the window took: a histogram. The window
-- is a part of one hour; `early` and `late` as for the attempts.
WITH answer AS (
    SELECT tier, provider, model_asked AS model, first_token_us, total_us
    FROM attempts
    WHERE (
        at_us >= :since AND at_us < :until
        AND request_id NOT IN (SELECT value FROM json_each(:early))
        OR request_id IN (SELECT value FROM json_each(:late)) AND at_us >= :until
    ) AND role = 'answer'
), fact AS (
    SELECT tier, provider, model, 'first' AS measure, latency_from(first_token_us) AS from_us
    FROM answer
    WHERE first_token_us IS NOT NULL
    UNION ALL
    SELECT tier, provider, model, 'total', latency_from(total_us)
    FROM answer
)
SELECT tier, provider, model, measure, from_us, COUNT(*)
FROM fact
GROUP BY from_us, tier, model, provider, measure
