-- Sums over the requests that began within the window; shadows are no part of a request.
-- Floats for the moments: the square of a request's nano-dollars, summed, leaves 64 bits.
WITH request AS (
    SELECT
        MIN(at_us) / 3600000000 AS hour,
        MIN(at_us) AS began_us,
        BOOL_OR(routed) AS routed,
        MAX(route) AS route,
        COALESCE(MAX(key), '') AS key,
        COALESCE(MAX(team), '') AS team,
        MAX(policy) AS policy,
        COALESCE(MAX(model_asked) FILTER (WHERE served), '') AS model,
        BOOL_OR(served) AS served,
        BOOL_OR(served AND premium) AS escalated,
        BOOL_AND(cost_nano IS NOT NULL AND NOT (served AND premium_nano IS NULL)) AS comparable,
        COALESCE(SUM(cost_nano), 0)::bigint AS paid,
        COALESCE(SUM(premium_nano) FILTER (WHERE served), 0)::bigint AS baseline
    FROM headgate.attempts
    WHERE at_us >= %(since)s - %(reach)s AND at_us < %(until)s + %(reach)s AND role <> 'shadow'
    GROUP BY request_id
    HAVING MIN(at_us) >= %(since)s AND MIN(at_us) < %(until)s
)
SELECT
    {by},
    COUNT(*),
    COUNT(*) FILTER (WHERE served),
    COUNT(*) FILTER (WHERE escalated),
    COUNT(*) FILTER (WHERE comparable),
    COALESCE(SUM(paid) FILTER (WHERE comparable), 0)::bigint,
    COALESCE(SUM(baseline) FILTER (WHERE comparable), 0)::bigint,
    COALESCE(SUM(paid::float8 * paid) FILTER (WHERE comparable), 0),
    COALESCE(SUM(baseline::float8 * baseline) FILTER (WHERE comparable), 0),
    COALESCE(SUM(paid::float8 * baseline) FILTER (WHERE comparable), 0),
    MIN(began_us),
    MAX(began_us)
FROM request
GROUP BY {by}
