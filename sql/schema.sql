-- Cellpost's database, at the head of sql/migrate. Times are UTC milliseconds, 0 = none; SIDs are their 16 bytes.

-- directory: who is who

CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    sid           BLOB    NOT NULL UNIQUE,
    token         BLOB    NOT NULL,            -- sealed with the key file
    friendly_name TEXT    NOT NULL,
    status        INTEGER NOT NULL DEFAULT 0,  -- active, suspended, closed
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE line (
    id                     INTEGER PRIMARY KEY,
    sid                    BLOB    NOT NULL UNIQUE,
    account_id             INTEGER NOT NULL REFERENCES account (id),
    name                   TEXT    NOT NULL UNIQUE,      -- of its [line] section
    number                 TEXT    NOT NULL DEFAULT '',
    iccid                  TEXT    NOT NULL DEFAULT '',  -- the SIM that this line is
    friendly_name          TEXT    NOT NULL,
    sms_url                TEXT    NOT NULL DEFAULT '',
    sms_method             TEXT    NOT NULL DEFAULT 'POST',
    sms_fallback_url       TEXT    NOT NULL DEFAULT '',
    sms_fallback_method    TEXT    NOT NULL DEFAULT 'POST',
    status_callback        TEXT    NOT NULL DEFAULT '',
    status_callback_method TEXT    NOT NULL DEFAULT 'POST',
    created_ms             INTEGER NOT NULL,
    updated_ms             INTEGER NOT NULL
) STRICT;

CREATE TABLE service (
    id                            INTEGER PRIMARY KEY,
    sid                           BLOB    NOT NULL UNIQUE,
    account_id                    INTEGER NOT NULL REFERENCES account (id),
    name                          TEXT    NOT NULL UNIQUE,  -- of its [service] section
    friendly_name                 TEXT    NOT NULL,
    inbound_request_url           TEXT    NOT NULL DEFAULT '',
    inbound_method                TEXT    NOT NULL DEFAULT 'POST',
    fallback_url                  TEXT    NOT NULL DEFAULT '',
    fallback_method               TEXT    NOT NULL DEFAULT 'POST',
    status_callback               TEXT    NOT NULL DEFAULT '',
    smart_encoding                INTEGER NOT NULL DEFAULT 0,
    sticky_sender                 INTEGER NOT NULL DEFAULT 0,
    use_inbound_webhook_on_number INTEGER NOT NULL DEFAULT 0,
    validity_s                    INTEGER NOT NULL DEFAULT 36000,
    created_ms                    INTEGER NOT NULL,
    updated_ms                    INTEGER NOT NULL
) STRICT;

CREATE TABLE service_line (
    service_id INTEGER NOT NULL REFERENCES service (id),
    line_id    INTEGER NOT NULL REFERENCES line (id),
    PRIMARY KEY (service_id, line_id)
) STRICT, WITHOUT ROWID;

-- queue
