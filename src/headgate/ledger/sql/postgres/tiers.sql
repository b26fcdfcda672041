-- Sums over the attempts of the requests that began within the window.
WITH request AS (
    SELECT request_id
    FROM headgate.attempts
    WHERE at_us >= %(since)s - %(reach)s AND at_us < %(until)s + %(reach)s
    GROUP BY request_id
    HAVING MIN(at_us) >= %(since)s AND MIN(at_us) < %(until)s
)
SELECT
    routed,
    CASE WHEN purpose = 'classifier' THEN 'classifier'
         WHEN served THEN 'answer'
         ELSE 'retry' END COLLATE "C" AS role,
    tier,
    premium,
    cost_nano IS NOT NULL AS priced,
    COUNT(*),
    COUNT(*) FILTER (WHERE usage_source = 'estimated'),
    COALESCE(SUM(cost_nano), 0)::bigint,
    SUM(input_tokens)::bigint,
    SUM(output_tokens)::bigint,
    SUM(cache_read_tokens)::bigint,
    SUM(cache_write_5m_tokens)::bigint,
    SUM(cache_write_1h_tokens)::bigint,
    SUM(reasoning_tokens)::bigint
FROM request JOIN headgate.attempts USING (request_id)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
