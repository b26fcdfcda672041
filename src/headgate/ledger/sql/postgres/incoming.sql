-- Where a group of rows is laid down before it is stored; each connection has its own.
CREATE TEMPORARY TABLE IF NOT EXISTS incoming ON COMMIT DELETE ROWS AS
SELECT {columns}, 0::bigint AS place
FROM headgate.attempts WITH NO DATA
