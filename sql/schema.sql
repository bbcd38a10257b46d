-- Cellpost's database, at the head of sql/migrate. Times are UTC milliseconds, 0 = none; SIDs are their 16 bytes.

-- directory: who is who

CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    sid           BLOB    NOT NULL UNIQUE,
    token         BLOB    NOT NULL,            -- sealed with the key file
    friendly_name TEXT    NOT NULL,
    status        INTEGER NOT NULL DEFAULT 0,  -- active, suspended, closed
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL,
    owner_id      INTEGER NOT NULL DEFAULT 0,  -- the main account that it belongs to; 0 = it is one itself
    test          INTEGER NOT NULL DEFAULT 0   -- of test credentials: nothing is sent
) STRICT;
CREATE UNIQUE INDEX account_test ON account (owner_id) WHERE test = 1;

CREATE TABLE api_key (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    sid           BLOB    NOT NULL UNIQUE,
    account_id    INTEGER NOT NULL REFERENCES account (id),
    friendly_name TEXT    NOT NULL,
    secret        BLOB    NOT NULL,            -- its SHA-256: the secret itself is told once
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX api_key_account ON api_key (account_id);

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
    updated_ms             INTEGER NOT NULL,
    sms_application_id     INTEGER NOT NULL DEFAULT 0    -- 0 = none
) STRICT;

CREATE TABLE service (
    id                            INTEGER PRIMARY KEY,
    sid                           BLOB    NOT NULL UNIQUE,
    account_id                    INTEGER NOT NULL REFERENCES account (id),
    name                          TEXT    UNIQUE,  -- of its [service] section; NULL: made over the API
    friendly_name                 TEXT    NOT NULL,
    inbound_request_url           TEXT    NOT NULL DEFAULT '',
    inbound_method                TEXT    NOT NULL DEFAULT 'POST',
    fallback_url                  TEXT    NOT NULL DEFAULT '',
    fallback_method               TEXT    NOT NULL DEFAULT 'POST',
    status_callback               TEXT    NOT NULL DEFAULT '',
    sticky_sender                 INTEGER NOT NULL DEFAULT 0,
    area_code_geomatch            INTEGER NOT NULL DEFAULT 0,
    smart_encoding                INTEGER NOT NULL DEFAULT 0,
    use_inbound_webhook_on_number INTEGER NOT NULL DEFAULT 0,
    validity_s                    INTEGER NOT NULL DEFAULT 36000,
    mms_converter                 INTEGER NOT NULL DEFAULT 1,  -- from here on: kept and shown
    fallback_to_long_code         INTEGER NOT NULL DEFAULT 1,
    synchronous_validation        INTEGER NOT NULL DEFAULT 0,
    scan_message_content          TEXT    NOT NULL DEFAULT 'inherit',
    usecase                       TEXT    NOT NULL DEFAULT 'undeclared',
    created_ms                    INTEGER NOT NULL,
    updated_ms                    INTEGER NOT NULL,
    deleted_ms                    INTEGER NOT NULL DEFAULT 0   -- over the API: the row stays, as history
) STRICT;

CREATE TABLE service_line (
    service_id INTEGER NOT NULL REFERENCES service (id),
    line_id    INTEGER NOT NULL REFERENCES line (id),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (service_id, line_id)
) STRICT, WITHOUT ROWID;

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

-- Alphanumeric senders of a pool: kept and listed, no SIM sends under them.
CREATE TABLE service_alpha (
    id         INTEGER PRIMARY KEY,
    sid        BLOB    NOT NULL UNIQUE,
    service_id INTEGER NOT NULL REFERENCES service (id),
    sender     TEXT    NOT NULL,
    country    TEXT    NOT NULL DEFAULT '',              -- ISO 3166-1; '' = any
    created_ms INTEGER NOT NULL,
    UNIQUE (service_id, sender, country)
) STRICT;
CREATE INDEX service_alpha_service ON service_alpha (service_id);

-- Which line of a service a recipient knows. Written by host/router; the least recently used go when there are many.
CREATE TABLE sticky (
    service_id INTEGER NOT NULL,
    to_addr    TEXT    NOT NULL,
    line_id    INTEGER NOT NULL,
    used_ms    INTEGER NOT NULL,
    PRIMARY KEY (service_id, to_addr)
) STRICT, WITHOUT ROWID;
CREATE INDEX sticky_used ON sticky (used_ms);

-- queue
-- Written by host/queue only. Times are UTC milliseconds, 0 = none. The numbers of states are those of
-- host/queue/message.h and host/queue/queue_internal.h, which assert them.

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- order and join key; never used twice
    sid BLOB NOT NULL,
    mm INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    status INTEGER NOT NULL,
    from_addr TEXT NOT NULL,              -- '' while a service has not chosen
    to_addr TEXT NOT NULL,
    body TEXT NOT NULL,
    line_id INTEGER NOT NULL,             -- 0 while a service has not chosen
    service_id INTEGER NOT NULL,
    segments INTEGER NOT NULL,
    error_code INTEGER NOT NULL,
    unsure INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    policy INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    sent_ms INTEGER,                      -- NULL until sent, or handed over
    expires_ms INTEGER NOT NULL,
    report_until_ms INTEGER NOT NULL,
    callback_url TEXT,
    tags TEXT,
    status_report INTEGER NOT NULL,
    discard_body INTEGER NOT NULL,
    mask_to INTEGER NOT NULL,
    reply_to INTEGER NOT NULL,
    dcs INTEGER NOT NULL,
    concat_ref INTEGER,                   -- outbound of several segments: their reference
    redacted INTEGER NOT NULL DEFAULT 0   -- its text was taken away
) STRICT;
CREATE UNIQUE INDEX message_sid ON message (sid);
-- Each list of the API is one walk of one index: newest first by id, or by (sent_ms, id).
CREATE INDEX message_account ON message (account_id);
CREATE INDEX message_to ON message (account_id, to_addr);
CREATE INDEX message_from ON message (account_id, from_addr);
CREATE INDEX message_pair ON message (account_id, to_addr, from_addr);
CREATE INDEX message_sent ON message (account_id, sent_ms) WHERE sent_ms IS NOT NULL;
CREATE INDEX message_to_sent ON message (account_id, to_addr, sent_ms) WHERE sent_ms IS NOT NULL;
CREATE INDEX message_from_sent ON message (account_id, from_addr, sent_ms) WHERE sent_ms IS NOT NULL;
CREATE INDEX message_pair_sent ON message (account_id, to_addr, from_addr, sent_ms) WHERE sent_ms IS NOT NULL;
-- What retention looks for: each status that may be final has an age of its own.
CREATE INDEX message_keep ON message (account_id, redacted, status, updated_ms) WHERE status >= 5 AND status != 10;
CREATE INDEX message_concat ON message (to_addr) WHERE concat_ref IS NOT NULL;

CREATE TABLE segment (
    message_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,                 -- 1-based
    state INTEGER NOT NULL,               -- 1 waiting, 2 out (an attempt is open), 3 sent, 4 failed, 5 unsure, 6 canceled
    report INTEGER NOT NULL,              -- 0 none, 1 delivered, 2 accepted (done, delivery not proven), 3 failed
    resent INTEGER NOT NULL,              -- times it was sent again after an unsure attempt
    udhi INTEGER NOT NULL,
    udl INTEGER NOT NULL,
    ud BLOB NOT NULL,                     -- emptied with the body
    PRIMARY KEY (message_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    message_id INTEGER NOT NULL,
    n INTEGER NOT NULL,                   -- 1-based; the API's attempt id is message_id * 2^20 + n
    seq INTEGER NOT NULL,
    line_id INTEGER NOT NULL,
    state INTEGER NOT NULL,               -- 1 claimed, 2 in flight, 3 unsure, 4 lapsed (unsure for ever), 5 sent, 6 retry, 7 rejected, 8 void
    mr INTEGER NOT NULL,                  -- TP-MR, -1 unknown
    iccid TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,                 -- the carrier's words
    st INTEGER NOT NULL,                  -- TP-ST of the latest report, -1 none
    report_scts_ms INTEGER NOT NULL,
    report_done_ms INTEGER NOT NULL,
    PRIMARY KEY (message_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_mr ON attempt (line_id, mr, started_ms) WHERE state = 5;
CREATE INDEX attempt_open ON attempt (line_id, started_ms) WHERE state <= 4;

-- What a message is waiting for: one row from acceptance until its last segment is settled, so that looking for
-- work costs the same whatever the history. A lane is what must keep its order: a line (or a service: minus its id)
-- and a recipient. Of each lane one row is the head (ready, backing off or busy), the rest is behind or held.
CREATE TABLE work (
    message_id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    to_addr TEXT NOT NULL,
    picker INTEGER NOT NULL,              -- who may claim: a line's id, or minus a service's
    rank INTEGER NOT NULL,                -- 9 - priority
    state INTEGER NOT NULL,               -- 1 ready, 2 back-off, 3 busy, 4 behind, 5 held (unsure, a report or a person decides)
    due_ms INTEGER NOT NULL,              -- when something is to be done about it: retry, expiry, giving up
    retry_ms INTEGER NOT NULL,            -- not before
    expires_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL,               -- that ended as RETRY and were not the carrier's fault
    attempts INTEGER NOT NULL,
    last_error INTEGER NOT NULL,          -- what the message fails with if its time runs out
    begun INTEGER NOT NULL,               -- a segment has been in flight
    unsure INTEGER NOT NULL               -- segments whose outcome is unknown
) STRICT;
CREATE UNIQUE INDEX work_head ON work (lane, to_addr) WHERE state <= 3;
CREATE INDEX work_behind ON work (lane, to_addr, rank) WHERE state = 4;
CREATE INDEX work_ready ON work (picker, rank) WHERE state = 1;
CREATE INDEX work_backoff ON work (picker, due_ms) WHERE state = 2;
CREATE INDEX work_due ON work (due_ms);

-- Messages whose time is to come. They have no work yet, so that any number of them costs a claim nothing.
CREATE TABLE scheduled (
    message_id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL,
    send_ms INTEGER NOT NULL              -- SendAt: a point on the wall clock, which no jump of it moves
) STRICT;
CREATE INDEX scheduled_due ON scheduled (send_ms);

-- Status reports that matched nothing yet: they wait for the attempt in flight that they may belong to.
CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    line_id INTEGER NOT NULL,
    mr INTEGER NOT NULL,
    to_addr TEXT NOT NULL,
    st INTEGER NOT NULL,
    scts_ms INTEGER NOT NULL,
    done_ms INTEGER NOT NULL,
    hex TEXT NOT NULL,
    due_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX report_line ON report (line_id);
CREATE INDEX report_due ON report (due_ms);

-- One row for each SMS received: the parts of a message, and what a repeat is known by.
CREATE TABLE part (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL,          -- 0 once the message was deleted: the row still tells a repeat
    line_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    hash INTEGER NOT NULL,                -- of sender, time and user data
    scts_ms INTEGER NOT NULL,
    memory TEXT NOT NULL,                 -- '' = never stored on the modem
    slot INTEGER NOT NULL,
    present INTEGER NOT NULL,             -- its erasure on the modem is not confirmed yet
    received_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    ucs2 BLOB,                            -- the octets where a surrogate pair is cut in two between parts
    hex TEXT NOT NULL
) STRICT;
CREATE INDEX part_message ON part (message_id, seq) WHERE message_id > 0;
CREATE INDEX part_key ON part (line_id, scts_ms, hash);
CREATE INDEX part_forgotten ON part (received_ms) WHERE message_id = 0;
CREATE INDEX part_present ON part (line_id, memory, slot) WHERE present = 1;

-- Messages whose parts are not all there yet.
CREATE TABLE assembly (
    message_id INTEGER PRIMARY KEY,
    line_id INTEGER NOT NULL,
    sender TEXT NOT NULL,
    ref INTEGER NOT NULL,
    bits INTEGER NOT NULL,
    total INTEGER NOT NULL,
    scts_ms INTEGER NOT NULL,
    quiet INTEGER NOT NULL,               -- port-addressed: no hook
    due_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX assembly_key ON assembly (line_id, sender, ref);
CREATE INDEX assembly_due ON assembly (due_ms);

-- HTTP calls owed. A message has each status once and in this order, so (message, status) is the key; only the first of a
-- message has a due time. A settled row is gone; the event tells what became of it.
CREATE TABLE hook (
    message_id INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error_code INTEGER NOT NULL,
    report_done_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    due_ms INTEGER,
    PRIMARY KEY (message_id, status)
) STRICT, WITHOUT ROWID;
CREATE INDEX hook_due ON hook (due_ms) WHERE due_ms IS NOT NULL;

-- Hooks that were given up, for an operator who asks for them once more.
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

-- What went wrong with hooks, as accounts may read it.
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

CREATE TABLE event (
    message_id INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (message_id, n)
) STRICT, WITHOUT ROWID;

-- What the recipient did with a message, as the application tells it.
CREATE TABLE feedback (
    message_id INTEGER PRIMARY KEY,
    confirmed INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT;

-- A key outlives its message, so that a repeat is known even then.
CREATE TABLE idempotency (
    account_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    request INTEGER NOT NULL DEFAULT 0,   -- hash of what was asked, 0 unknown
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_until ON idempotency (until_ms);
CREATE INDEX idempotency_message ON idempotency (message_id);

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

-- optout: who wants no more messages from whom

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
CREATE INDEX optout_service ON optout (service_id) WHERE service_id > 0;

CREATE TABLE optout_seen (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    message_id INTEGER NOT NULL
) STRICT;
INSERT INTO optout_seen (id, message_id) VALUES (1, 0);

CREATE INDEX service_line_line ON service_line (line_id);
CREATE INDEX message_inbound ON message (id) WHERE direction = 1;
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
CREATE INDEX verification_number ON verification (to_addr);

CREATE TABLE verification_send (
    verification_id INTEGER NOT NULL,
    n               INTEGER NOT NULL,  -- 1-based
    message_sid     BLOB    NOT NULL,
    at_ms           INTEGER NOT NULL,
    PRIMARY KEY (verification_id, n)
) STRICT, WITHOUT ROWID;

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

-- privacy: how long what is kept, and who was forgotten

CREATE TABLE account_retention (
    account_id INTEGER NOT NULL,
    what       TEXT    NOT NULL,  -- messages, bodies, or a status
    keep_s     INTEGER NOT NULL,  -- 0 = for ever; of a status: as messages
    PRIMARY KEY (account_id, what)
) STRICT, WITHOUT ROWID;

-- A receipt is made when it is asked for, and tells from then on what is to be done even after a crash.
CREATE TABLE forget_receipt (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,  -- 0 = all of them
    mark       TEXT    NOT NULL,  -- HMAC of the number
    number     TEXT    NOT NULL,  -- '' once it is done
    before_id  INTEGER NOT NULL,  -- messages up to this one
    asked_ms   INTEGER NOT NULL,
    done_ms    INTEGER NOT NULL   -- 0 = under way
) STRICT;
CREATE INDEX forget_mark ON forget_receipt (mark);
CREATE INDEX forget_open ON forget_receipt (id) WHERE done_ms = 0;

CREATE TABLE forget_count (
    receipt_id INTEGER NOT NULL,
    what       TEXT    NOT NULL,
    gone       INTEGER NOT NULL,
    PRIMARY KEY (receipt_id, what)
) STRICT, WITHOUT ROWID;
