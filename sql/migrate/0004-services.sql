-- Services that the API makes, and which of their lines a recipient knows. The tables are made anew: a service of the
-- API has no section, so its name may be NULL, and who is in a pool has a date.
CREATE TABLE old_service AS SELECT * FROM service;
CREATE TABLE old_pool AS SELECT * FROM service_line;
DROP TABLE service_line;
DROP TABLE service;

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

INSERT INTO service (id, sid, account_id, name, friendly_name, inbound_request_url, inbound_method, fallback_url, fallback_method, status_callback,
    smart_encoding, use_inbound_webhook_on_number, validity_s, created_ms, updated_ms)
SELECT id, sid, account_id, name, friendly_name, inbound_request_url, inbound_method, fallback_url, fallback_method, status_callback,
    smart_encoding, use_inbound_webhook_on_number, validity_s, created_ms, updated_ms FROM old_service;

CREATE TABLE service_line (
    service_id INTEGER NOT NULL REFERENCES service (id),
    line_id    INTEGER NOT NULL REFERENCES line (id),
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (service_id, line_id)
) STRICT, WITHOUT ROWID;

INSERT INTO service_line (service_id, line_id, created_ms)
SELECT p.service_id, p.line_id, s.created_ms FROM old_pool p JOIN service s ON s.id = p.service_id;

DROP TABLE old_pool;
DROP TABLE old_service;

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
