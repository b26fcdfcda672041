-- Sums over the attempts sent within the window, where there are any.
SELECT * FROM (
    SELECT
        COUNT(*) AS attempts,
        COUNT(*) FILTER (WHERE cost_nano IS NULL),
        COALESCE(SUM(cost_nano), 0)::bigint
    FROM headgate.attempts
    WHERE at_us >= %(since)s AND at_us < %(until)s
) AS spend
WHERE attempts > 0
