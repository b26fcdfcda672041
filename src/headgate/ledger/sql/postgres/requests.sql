-- Sums over the requests that began within the window; shadows are no part of a request. The window
-- is a part of one hour; `early` and `late` as for the attempts.
-- Floats for the moments: the square of a request's nano-dollars, summed, leaves 64 bits.
WITH fact AS (
    SELECT
        request_id, at_us, routed, route, key, team, policy, served, premium, model_asked, cost_nano,
        premium_nano
    FROM headgate.attempts
    WHERE (
        at_us >= %(since)s AND at_us < %(until)s
        AND request_id <> ALL(%(early)s::text[])
        OR request_id = ANY(%(late)s::text[]) AND at_us >= %(until)s
    ) AND role <> 'shadow'
), request AS (
    SELECT
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
    FROM fact
    GROUP BY request_id
)
SELECT
    routed, route, key, team, policy, model,
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
GROUP BY key, model, route, team, policy, routed
