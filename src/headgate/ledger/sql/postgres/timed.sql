-- How long answers took and first attempts waited, of those that agree in what is given: looked for
-- among the latest attempts within the window, the latest first.
SELECT attempt = 0, role = 'answer', tier, provider, model_asked, first_token_us, total_us, queue_us
FROM (
    SELECT
        at_us, attempt, role, tier, provider, model_asked, first_token_us, total_us, queue_us,
        route, key, team, policy
    FROM headgate.attempts
    WHERE at_us >= %(since)s AND at_us < %(until)s
    ORDER BY at_us DESC
    LIMIT %(read)s
) AS latest
WHERE (role = 'answer' OR attempt = 0)
    AND (%(route)s::text IS NULL OR route = %(route)s)
    AND (%(key)s::text IS NULL OR key = %(key)s)
    AND (%(team)s::text IS NULL OR team = %(team)s)
    AND (%(policy)s::text IS NULL OR policy = %(policy)s)
    AND (%(model)s::text IS NULL OR model_asked = %(model)s)
ORDER BY at_us DESC
LIMIT %(most)s
