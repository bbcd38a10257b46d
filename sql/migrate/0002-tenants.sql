-- Tenants: subaccounts and test credentials; API keys.

ALTER TABLE account ADD COLUMN owner_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN test INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX account_test ON account (owner_id) WHERE test = 1;

CREATE TABLE api_key (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    sid           BLOB    NOT NULL UNIQUE,
    account_id    INTEGER NOT NULL REFERENCES account (id),
    friendly_name TEXT    NOT NULL,
    secret        BLOB    NOT NULL,
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX api_key_account ON api_key (account_id);
