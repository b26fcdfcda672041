-- In which hours attempts of these requests were sent that are stored already.
SELECT DISTINCT at_us / 3600000000 FROM attempts WHERE request_id IN (SELECT value FROM json_each(:requests))
