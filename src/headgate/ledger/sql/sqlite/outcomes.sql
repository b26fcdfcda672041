-- The served routed requests among the rows after one, a page of them, in the order stored.
SELECT
    rowid, at_us, route, asked, reason, provider || '/' || model_asked, config, premium,
    policy, router, category, key, score,
    CASE WHEN usage_source = 'measured'
         THEN input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens
         ELSE 0 END
FROM attempts
WHERE rowid > :after AND routed AND served
ORDER BY rowid
LIMIT :page
