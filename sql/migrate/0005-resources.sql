-- Applications of the API, and the one that a line is given to.

CREATE TABLE application (
    id                                 INTEGER PRIMARY KEY AUTOINCREMENT, -- lines hold it: never used twice
    sid                                BLOB    NOT NULL UNIQUE,
    account_id                         INTEGER NOT NULL REFERENCES account (id),
    friendly_name                      TEXT    NOT NULL DEFAULT '',
    sms_url                            TEXT    NOT NULL DEFAULT '',
    sms_method                         TEXT    NOT NULL DEFAULT 'POST',
    sms_fallback_url                   TEXT    NOT NULL DEFAULT '',
    sms_fallback_method                TEXT    NOT NULL DEFAULT 'POST',
    sms_status_callback                TEXT    NOT NULL DEFAULT '',
    message_status_callback            TEXT    NOT NULL DEFAULT '',
    status_callback                    TEXT    NOT NULL DEFAULT '',
    status_callback_method             TEXT    NOT NULL DEFAULT 'POST',
    voice_url                          TEXT    NOT NULL DEFAULT '',
    voice_method                       TEXT    NOT NULL DEFAULT 'POST',
    voice_fallback_url                 TEXT    NOT NULL DEFAULT '',
    voice_fallback_method              TEXT    NOT NULL DEFAULT 'POST',
    voice_caller_id_lookup             INTEGER NOT NULL DEFAULT 0,
    public_application_connect_enabled INTEGER NOT NULL DEFAULT 0,
    created_ms                         INTEGER NOT NULL,
    updated_ms                         INTEGER NOT NULL
) STRICT;

ALTER TABLE line ADD COLUMN sms_application_id INTEGER NOT NULL DEFAULT 0; -- 0 = none

-- What each account sent and received on each UTC day. It outlives the messages that it counted.
CREATE TABLE usage_day (
    account_id   INTEGER NOT NULL,
    day          INTEGER NOT NULL,  -- since 1970
    out_messages INTEGER NOT NULL,
    out_segments INTEGER NOT NULL,
    in_messages  INTEGER NOT NULL,
    in_segments  INTEGER NOT NULL,
    PRIMARY KEY (account_id, day)
) STRICT, WITHOUT ROWID;
