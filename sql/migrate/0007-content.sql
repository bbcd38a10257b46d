-- façade: templates of messages

CREATE TABLE content (
    id            INTEGER PRIMARY KEY,
    sid           BLOB    NOT NULL UNIQUE,
    account_id    INTEGER NOT NULL,
    friendly_name TEXT,
    language      TEXT    NOT NULL,
    variables     TEXT    NOT NULL,  -- JSON object of strings: what a placeholder is without a value of its own
    types         TEXT    NOT NULL,  -- JSON object as the client gave it; "twilio/text" is what is sent
    created_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX content_account ON content (account_id);
