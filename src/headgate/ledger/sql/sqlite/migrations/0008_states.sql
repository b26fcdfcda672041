-- What the watch made of the rows up to a sequence number, so that it need not read them again.
CREATE TABLE states (
    name     TEXT    NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL,
    state    BLOB    NOT NULL
) STRICT;
