-- How long the answers of the requests that began within the window took: a histogram. The window
-- is a part of one hour; `early` and `late` as for the attempts.
WITH answer AS (
    SELECT tier, provider, model_asked AS model, first_token_us, total_us
    FROM headgate.attempts
    WHERE (
        at_us >= %(since)s AND at_us < %(until)s
        AND request_id <> ALL(%(early)s::text[])
        OR request_id = ANY(%(late)s::text[]) AND at_us >= %(until)s
    ) AND role = 'answer'
), fact AS (
    SELECT tier, provider, model, 'first' AS measure, (%(bounds)s::bigint[])[width_bucket(first_token_us, %(bounds)s::bigint[])] AS from_us
    FROM answer
    WHERE first_token_us IS NOT NULL
    UNION ALL
    SELECT tier, provider, model, 'total', (%(bounds)s::bigint[])[width_bucket(total_us, %(bounds)s::bigint[])]
    FROM answer
)
SELECT tier, provider, model, measure, from_us, COUNT(*)
FROM fact
GROUP BY from_us, tier, model, provider, measure
