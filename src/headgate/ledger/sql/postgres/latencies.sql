-- How long the answers of the requests that began within the window took: a histogram.
WITH request AS (
    SELECT request_id, MIN(at_us) AS began_us
    FROM headgate.attempts
    WHERE at_us >= %(since)s - %(reach)s AND at_us < %(until)s + %(reach)s
    GROUP BY request_id
    HAVING MIN(at_us) >= %(since)s AND MIN(at_us) < %(until)s
), answer AS (
    SELECT
        began_us / 3600000000 AS hour,
        tier, provider, model_asked AS model, first_token_us, total_us
    FROM request JOIN headgate.attempts USING (request_id)
    WHERE role = 'answer'
), fact AS (
    SELECT hour, tier, provider, model, 'first' AS measure,
        (%(bounds)s::bigint[])[width_bucket(first_token_us, %(bounds)s::bigint[])] AS from_us
    FROM answer
    WHERE first_token_us IS NOT NULL
    UNION ALL
    SELECT hour, tier, provider, model, 'total',
        (%(bounds)s::bigint[])[width_bucket(total_us, %(bounds)s::bigint[])]
    FROM answer
)
SELECT
    {by},
    COUNT(*)
FROM fact
GROUP BY {by}
