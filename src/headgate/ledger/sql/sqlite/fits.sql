    (attempt = 0 OR NOT EXISTS (
        SELECT 1 FROM attempts AS one
        WHERE one.request_id = first.request_id AND one.attempt < first.attempt
    ))
    AND (:text = '' OR substr(request_id, 1, length(:text)) = :text)
    AND (:route = '' OR route = :route)
    AND (:key = '' OR key = :key)
    AND (:model = '' OR EXISTS (
        SELECT 1 FROM attempts AS one
        WHERE one.request_id = first.request_id
            AND instr(lower(one.provider || '/' || one.model_asked), :model) > 0
    ))
    AND (:tier = '' AND :reason = '' OR EXISTS (
        SELECT 1 FROM (
            SELECT one.tier AS tier, one.reason AS reason FROM attempts AS one
            WHERE one.request_id = first.request_id
            ORDER BY one.served DESC, one.attempt DESC
            LIMIT 1
        ) AS last
        WHERE (:tier = '' OR last.tier = :tier)
            AND substr(last.reason, 1, length(:reason)) = :reason
    ))
    AND (:outcome NOT IN ('served', 'escalated') OR EXISTS (
        SELECT 1 FROM attempts AS one
        WHERE one.request_id = first.request_id AND one.served
            AND (:outcome = 'served' OR one.premium AND one.routed)
    ))
    AND (:outcome <> 'failed' OR NOT EXISTS (
        SELECT 1 FROM attempts AS one WHERE one.request_id = first.request_id AND one.served
    ))
    AND (:outcome <> 'retried' OR EXISTS (
        SELECT 1 FROM attempts AS one
        WHERE one.request_id = first.request_id AND one.cause IN ('retry', 'fallback')
    ))
