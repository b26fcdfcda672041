-- In which hours attempts of these requests were sent that are stored already. A join, for what `IN`
-- looks through is sorted first, which takes longer than all else about it.
SELECT DISTINCT at_us / 3600000000
FROM json_each(:requests) AS given CROSS JOIN attempts ON attempts.request_id = given.value
