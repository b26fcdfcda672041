-- Sums over the attempts sent within the window, where there are any.
SELECT * FROM (
    SELECT
        COUNT(*) AS attempts,
        SUM(cost_nano IS NULL),
        COALESCE(SUM(cost_nano), 0)
    FROM attempts
    WHERE at_us >= :since AND at_us < :until
) AS spend
WHERE attempts > 0
