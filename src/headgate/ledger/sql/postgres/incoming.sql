-- Where a group of rows is laid down before it is stored; each connection has its own.
-- Behind a pooler another version of Headgate may have left one here, with fewer columns.
CREATE TEMPORARY TABLE IF NOT EXISTS {incoming} ON COMMIT DELETE ROWS AS
SELECT {columns}, 0::bigint AS place
FROM headgate.attempts WITH NO DATA
