-- Sums over the requests that began within the window; shadows are no part of a request.
-- TOTAL (a float) for the moments: the square of a request's nano-dollars, summed, leaves 64 bits.
WITH request AS (
    SELECT
        MIN(at_us) / 3600000000 AS hour,
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
    FROM attempts
    WHERE at_us >= :since - :reach AND at_us < :until + :reach AND role <> 'shadow'
    GROUP BY request_id
    HAVING began_us >= :since AND began_us < :until
)
SELECT
    {by},
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
GROUP BY {by}
