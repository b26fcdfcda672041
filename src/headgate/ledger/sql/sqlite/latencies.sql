-- How long the answers of the requests that began within the window took: a histogram.
WITH request AS (
    SELECT request_id, MIN(at_us) AS began_us
    FROM attempts
    WHERE at_us >= :since - :reach AND at_us < :until + :reach
    GROUP BY request_id
    HAVING began_us >= :since AND began_us < :until
), answer AS (
    SELECT
        began_us / 3600000000 AS hour,
        tier, provider, model_asked AS model, first_token_us, total_us
    FROM request JOIN attempts USING (request_id)
    WHERE role = 'answer'
), fact AS (
    SELECT hour, tier, provider, model, 'first' AS measure,
        latency_from(first_token_us) AS from_us
    FROM answer
    WHERE first_token_us IS NOT NULL
    UNION ALL
    SELECT hour, tier, provider, model, 'total',
        latency_from(total_us)
    FROM answer
)
SELECT
    {by},
    COUNT(*)
FROM fact
GROUP BY {by}
