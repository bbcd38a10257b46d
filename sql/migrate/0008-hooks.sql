-- What went wrong with hooks, as accounts may read it; and the hooks that were given up, so that an operator can ask for
-- them once more.

CREATE TABLE notification (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    sid        BLOB    NOT NULL UNIQUE,
    account_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,          -- 0 = of an endpoint
    log        INTEGER NOT NULL,          -- 0 error, 1 warning
    code       INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    method     TEXT    NOT NULL,
    url        TEXT    NOT NULL,
    variables  TEXT    NOT NULL,
    headers    TEXT    NOT NULL,          -- of the answer
    body       TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL           -- the latest time
) STRICT;
CREATE UNIQUE INDEX notification_same ON notification (message_id, account_id, code, url);
CREATE INDEX notification_account ON notification (account_id, at_ms);
CREATE INDEX notification_at ON notification (at_ms);

CREATE TABLE dead_hook (
    message_id     INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    error_code     INTEGER NOT NULL,
    report_done_ms INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    died_ms        INTEGER NOT NULL,
    PRIMARY KEY (message_id, status)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_hook_died ON dead_hook (died_ms);
