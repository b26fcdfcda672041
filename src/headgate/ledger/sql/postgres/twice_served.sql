-- A caller gets one answer: a request with two served attempts is a defect.
SELECT request_id, COUNT(*) FROM headgate.attempts
WHERE served GROUP BY request_id HAVING COUNT(*) > 1
ORDER BY request_id
