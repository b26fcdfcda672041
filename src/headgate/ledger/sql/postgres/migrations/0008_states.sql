-- What the watch made of the rows up to a sequence number, so that it need not read them again.
CREATE TABLE headgate.states (
    name     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sequence BIGINT           NOT NULL,
    state    BYTEA            NOT NULL
);
