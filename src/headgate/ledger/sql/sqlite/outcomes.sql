-- The served routed requests among the rows after one, a page of them, in the order stored.
SELECT
    rowid, at_us, route, asked, reason, provider || '/' || model_asked, config, premium
FROM attempts
WHERE rowid > :after AND routed AND served
ORDER BY rowid
LIMIT :page
