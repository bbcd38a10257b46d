-- Messages for a later time, feedback, and what a key was first used for.

CREATE TABLE scheduled (
    message_id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    send_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX scheduled_due ON scheduled (send_ms);

CREATE TABLE feedback (
    message_id INTEGER PRIMARY KEY,
    confirmed INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

ALTER TABLE idempotency ADD COLUMN request INTEGER NOT NULL DEFAULT 0;
