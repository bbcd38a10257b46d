-- Who wants no more messages from whom, and up to where inbound messages were looked at for such words.

CREATE TABLE optout (
    id         INTEGER PRIMARY KEY,
    sid        BLOB    NOT NULL UNIQUE,
    account_id INTEGER NOT NULL,
    service_id INTEGER NOT NULL,  -- the sender: a service,
    line_id    INTEGER NOT NULL,  -- or a line; the other is 0
    number     TEXT    NOT NULL,
    source     TEXT    NOT NULL,  -- keyword, api, operator
    created_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX optout_pair ON optout (number, service_id, line_id);
CREATE INDEX optout_account ON optout (account_id);

CREATE TABLE optout_seen (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    message_id INTEGER NOT NULL
) STRICT;
INSERT INTO optout_seen (id, message_id) SELECT 1, coalesce(max(id), 0) FROM message;

CREATE INDEX service_line_line ON service_line (line_id);
CREATE INDEX message_inbound ON message (id) WHERE direction = 1;
