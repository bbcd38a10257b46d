-- verify: services that send codes, and the codes' lives

CREATE TABLE verify_service (
    id            INTEGER PRIMARY KEY,
    sid           BLOB    NOT NULL UNIQUE,
    account_id    INTEGER NOT NULL,
    friendly_name TEXT    NOT NULL,
    code_length   INTEGER NOT NULL,
    tts_name      TEXT    NOT NULL,
    flags         INTEGER NOT NULL,  -- enum verify_flag of host/verify/verify.h
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX verify_service_account ON verify_service (account_id);

CREATE TABLE verification (
    id         INTEGER PRIMARY KEY,
    sid        BLOB    NOT NULL UNIQUE,
    service_id INTEGER NOT NULL,
    to_addr    TEXT    NOT NULL,
    status     INTEGER NOT NULL,     -- enum verify_status of host/verify/verify.h
    code       BLOB    NOT NULL,     -- its keyed hash; emptied once it is of no more use
    digits     INTEGER NOT NULL,     -- of a code made here; 0 = the client gave its own
    checks     INTEGER NOT NULL,     -- wrong ones
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    due_ms     INTEGER NOT NULL      -- when the row expires, and after that when it goes
) STRICT;
CREATE INDEX verification_to ON verification (service_id, to_addr, created_ms);
CREATE INDEX verification_due ON verification (due_ms);

CREATE TABLE verification_send (
    verification_id INTEGER NOT NULL,
    n               INTEGER NOT NULL,  -- 1-based
    message_sid     BLOB    NOT NULL,
    at_ms           INTEGER NOT NULL,
    PRIMARY KEY (verification_id, n)
) STRICT, WITHOUT ROWID;
