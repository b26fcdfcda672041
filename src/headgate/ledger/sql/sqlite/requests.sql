-- Sums over the requests that began within the window; shadows are no part of a request. The window
-- is a part of one hour; `early` and `late` as for the attempts.
-- TOTAL (a float) for the moments: the square of a request's nano-dollars, summed, leaves 64 bits.
WITH fact AS (
    SELECT
        request_id, at_us, routed, route, key, team, policy, served, premium, model_asked, cost_nano,
        premium_nano
    FROM attempts
    WHERE (
        at_us >= :since AND at_us < :until
        AND request_id NOT IN (SELECT value FROM json_each(:early))
        OR request_id IN (SELECT value FROM json_each(:late)) AND at_us >= :until
    ) AND role <> 'shadow'
), request AS (
    SELECT
        MIN(at_us) AS began_us,
        MAX(routed) AS routed,
        MAX(route) AS route,
        COALESCE(MAX(key), '') AS key,
        COALESCE(MAX(team), '') AS team,
        MAX(policy) AS policy,
        COALESCE(MAX(CASE WHEN served THEN model_asked END), '') AS model,
        MAX(served) AS served,
        MAX(served AND premium) AS escalated,
        SUM(cost_nano IS NULL OR (served AND premium_nano IS NULL)) = 0 AS comparable,
        COALESCE(SUM(cost_nano), 0) AS paid,
        COALESCE(SUM(CASE WHEN served THEN premium_nano END), 0) AS baseline
    FROM fact
    GROUP BY request_id
)
SELECT
    routed, route, key, team, policy, model,
    COUNT(*),
    SUM(served),
    SUM(escalated),
    SUM(comparable),
    SUM(comparable * paid),
    SUM(comparable * baseline),
    TOTAL(comparable * 1.0 * paid * paid),
    TOTAL(comparable * 1.0 * baseline * baseline),
    TOTAL(comparable * 1.0 * paid * baseline),
    MIN(began_us),
    MAX(began_us)
FROM request
GROUP BY key, model, route, team, policy, routed
