-- In which hours attempts of the incoming requests were sent that are stored already.
SELECT DISTINCT at_us / 3600000000 FROM headgate.attempts
WHERE request_id IN (SELECT request_id FROM {incoming})
