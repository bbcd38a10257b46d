-- How long what is kept, and who was forgotten.

ALTER TABLE message ADD COLUMN redacted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_keep ON message (account_id, redacted, status, updated_ms) WHERE status >= 5 AND status != 10;
CREATE INDEX part_forgotten ON part (received_ms) WHERE message_id = 0;
CREATE INDEX idempotency_message ON idempotency (message_id);
CREATE INDEX optout_service ON optout (service_id) WHERE service_id > 0;
CREATE INDEX verification_number ON verification (to_addr);

CREATE TABLE account_retention (
    account_id INTEGER NOT NULL,
    what       TEXT    NOT NULL,
    keep_s     INTEGER NOT NULL,
    PRIMARY KEY (account_id, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE forget_receipt (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    mark       TEXT    NOT NULL,
    number     TEXT    NOT NULL,
    before_id  INTEGER NOT NULL,
    asked_ms   INTEGER NOT NULL,
    done_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX forget_mark ON forget_receipt (mark);
CREATE INDEX forget_open ON forget_receipt (id) WHERE done_ms = 0;

CREATE TABLE forget_count (
    receipt_id INTEGER NOT NULL,
    what       TEXT    NOT NULL,
    gone       INTEGER NOT NULL,
    PRIMARY KEY (receipt_id, what)
) STRICT, WITHOUT ROWID;
