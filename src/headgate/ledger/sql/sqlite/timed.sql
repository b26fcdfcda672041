-- How long answers took and first attempts waited, of those that agree in what is given: looked for
-- among the latest attempts within the window, the latest first.
SELECT attempt = 0, role = 'answer', tier, provider, model_asked, first_token_us, total_us, queue_us
FROM (
    SELECT
        at_us, attempt, role, tier, provider, model_asked, first_token_us, total_us, queue_us,
        route, key, team, policy
    FROM attempts
    WHERE at_us >= :since AND at_us < :until
    ORDER BY at_us DESC
    LIMIT :read
)
WHERE (role = 'answer' OR attempt = 0)
    AND (:route IS NULL OR route = :route)
    AND (:key IS NULL OR key = :key)
    AND (:team IS NULL OR team = :team)
    AND (:policy IS NULL OR policy = :policy)
    AND (:model IS NULL OR model_asked = :model)
ORDER BY at_us DESC
LIMIT :most
