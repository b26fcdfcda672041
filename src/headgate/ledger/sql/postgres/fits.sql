    (attempt = 0 OR NOT EXISTS (
        SELECT 1 FROM headgate.attempts AS one
        WHERE one.request_id = first.request_id AND one.attempt < first.attempt
    ))
    AND (%(text)s::text = '' OR substr(request_id, 1, length(%(text)s::text)) = %(text)s::text)
    AND (%(route)s::text = '' OR route = %(route)s::text)
    AND (%(key)s::text = '' OR key = %(key)s::text)
    AND (%(model)s::text = '' OR EXISTS (
        SELECT 1 FROM headgate.attempts AS one
        WHERE one.request_id = first.request_id
            AND strpos(lower(one.provider || '/' || one.model_asked), %(model)s::text) > 0
    ))
    AND (%(tier)s::text = '' AND %(reason)s::text = '' OR EXISTS (
        SELECT 1 FROM (
            SELECT one.tier AS tier, one.reason AS reason FROM headgate.attempts AS one
            WHERE one.request_id = first.request_id
            ORDER BY one.served DESC, one.attempt DESC
            LIMIT 1
        ) AS last
        WHERE (%(tier)s::text = '' OR last.tier = %(tier)s::text)
            AND substr(last.reason, 1, length(%(reason)s::text)) = %(reason)s::text
    ))
    AND (%(outcome)s::text NOT IN ('served', 'escalated') OR EXISTS (
        SELECT 1 FROM headgate.attempts AS one
        WHERE one.request_id = first.request_id AND one.served
            AND (%(outcome)s::text = 'served' OR one.premium AND one.routed)
    ))
    AND (%(outcome)s::text <> 'failed' OR NOT EXISTS (
        SELECT 1 FROM headgate.attempts AS one WHERE one.request_id = first.request_id AND one.served
    ))
    AND (%(outcome)s::text <> 'retried' OR EXISTS (
        SELECT 1 FROM headgate.attempts AS one
        WHERE one.request_id = first.request_id AND one.cause IN ('retry', 'fallback')
    ))
