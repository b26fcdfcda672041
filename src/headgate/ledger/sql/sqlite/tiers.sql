-- Sums over the attempts of the requests that began within the window.
WITH request AS (
    SELECT request_id, MIN(at_us) AS began_us
    FROM attempts
    WHERE at_us >= :since - :reach AND at_us < :until + :reach
    GROUP BY request_id
    HAVING began_us >= :since AND began_us < :until
)
SELECT
    routed,
    CASE WHEN purpose = 'classifier' THEN 'classifier'
         WHEN served THEN 'answer'
         ELSE 'retry' END AS role,
    tier,
    premium,
    cost_nano IS NOT NULL AS priced,
    COUNT(*),
    SUM(usage_source = 'estimated'),
    COALESCE(SUM(cost_nano), 0),
    SUM(input_tokens),
    SUM(output_tokens),
    SUM(cache_read_tokens),
    SUM(cache_write_5m_tokens),
    SUM(cache_write_1h_tokens),
    SUM(reasoning_tokens)
FROM request JOIN attempts USING (request_id)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
