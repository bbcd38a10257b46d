-- Services: those of the configuration by name, those of the API without one.

-- name: service_list
SELECT id, sid, account_id, name, friendly_name, inbound_request_url, inbound_method, fallback_url, fallback_method, status_callback,
       sticky_sender, area_code_geomatch, smart_encoding, use_inbound_webhook_on_number, validity_s, mms_converter,
       fallback_to_long_code, synchronous_validation, scan_message_content, usecase, created_ms, updated_ms, deleted_ms
FROM service ORDER BY id

-- name: service_insert
INSERT INTO service (sid, account_id, name, friendly_name, inbound_request_url, inbound_method, fallback_url, fallback_method,
                     status_callback, sticky_sender, area_code_geomatch, smart_encoding, use_inbound_webhook_on_number, validity_s,
                     created_ms, updated_ms)
VALUES (:sid, :account_id, :name, :friendly_name, :inbound_request_url, :inbound_method, :fallback_url, :fallback_method,
        :status_callback, :sticky_sender, :area_code_geomatch, :smart_encoding, :use_inbound_webhook_on_number, :validity_s, :now, :now)

-- name: service_update
UPDATE service SET sid = :sid, name = :name, friendly_name = :friendly_name, inbound_request_url = :inbound_request_url,
    inbound_method = :inbound_method, fallback_url = :fallback_url, fallback_method = :fallback_method,
    status_callback = :status_callback, sticky_sender = :sticky_sender, area_code_geomatch = :area_code_geomatch,
    smart_encoding = :smart_encoding, use_inbound_webhook_on_number = :use_inbound_webhook_on_number, validity_s = :validity_s,
    updated_ms = :now
WHERE id = :id

-- name: service_line_list
SELECT line_id, created_ms FROM service_line WHERE service_id = :service_id ORDER BY line_id

-- name: service_line_clear
DELETE FROM service_line WHERE service_id = :service_id

-- name: service_line_leave
DELETE FROM service_line
WHERE line_id = :line_id AND service_id IN (SELECT id FROM service WHERE account_id <> :account_id)

-- name: service_line_insert
INSERT INTO service_line (service_id, line_id, created_ms)
SELECT service.id, line.id, :now FROM service, line WHERE service.sid = :sid AND line.name = :line AND line.account_id = service.account_id

-- name: service_alpha_list
SELECT id, sid, sender, country, created_ms FROM service_alpha WHERE service_id = :service_id ORDER BY id

-- What the API does to its own services: values not given (NULL) are the default at first, afterwards left as they are.

-- name: service_create
INSERT INTO service (sid, account_id, name, friendly_name, inbound_request_url, inbound_method, fallback_url, fallback_method,
                     status_callback, sticky_sender, area_code_geomatch, smart_encoding, use_inbound_webhook_on_number, validity_s,
                     mms_converter, fallback_to_long_code, synchronous_validation, scan_message_content, usecase, created_ms, updated_ms)
VALUES (:sid, :account_id, NULL, :friendly_name, coalesce(:inbound_request_url, ''), coalesce(:inbound_method, 'POST'),
        coalesce(:fallback_url, ''), coalesce(:fallback_method, 'POST'), coalesce(:status_callback, ''), coalesce(:sticky_sender, 1),
        coalesce(:area_code_geomatch, 1), coalesce(:smart_encoding, 1), coalesce(:use_inbound_webhook_on_number, 0),
        coalesce(:validity, 36000), coalesce(:mms_converter, 1), coalesce(:fallback_to_long_code, 1),
        coalesce(:synchronous_validation, 0), coalesce(:scan_message_content, 'inherit'), coalesce(:usecase, 'undeclared'), :now, :now)

-- name: service_change
UPDATE service SET friendly_name = coalesce(:friendly_name, friendly_name),
    inbound_request_url = coalesce(:inbound_request_url, inbound_request_url), inbound_method = coalesce(:inbound_method, inbound_method),
    fallback_url = coalesce(:fallback_url, fallback_url), fallback_method = coalesce(:fallback_method, fallback_method),
    status_callback = coalesce(:status_callback, status_callback), sticky_sender = coalesce(:sticky_sender, sticky_sender),
    area_code_geomatch = coalesce(:area_code_geomatch, area_code_geomatch), smart_encoding = coalesce(:smart_encoding, smart_encoding),
    use_inbound_webhook_on_number = coalesce(:use_inbound_webhook_on_number, use_inbound_webhook_on_number),
    validity_s = coalesce(:validity, validity_s), mms_converter = coalesce(:mms_converter, mms_converter),
    fallback_to_long_code = coalesce(:fallback_to_long_code, fallback_to_long_code),
    synchronous_validation = coalesce(:synchronous_validation, synchronous_validation),
    scan_message_content = coalesce(:scan_message_content, scan_message_content), usecase = coalesce(:usecase, usecase), updated_ms = :now
WHERE id = :id AND name IS NULL AND deleted_ms = 0

-- name: service_delete
UPDATE service SET deleted_ms = :now, updated_ms = :now WHERE id = :id AND name IS NULL AND deleted_ms = 0

-- name: service_sender_add
INSERT INTO service_line (service_id, line_id, created_ms)
SELECT s.id, :line, :now FROM service s
WHERE s.id = :id AND s.name IS NULL AND s.deleted_ms = 0 AND NOT EXISTS (
    SELECT 1 FROM service_line p JOIN service o ON o.id = p.service_id
    WHERE p.line_id = :line AND o.id != s.id AND o.name IS NULL AND o.deleted_ms = 0)

-- name: service_sender_remove
DELETE FROM service_line WHERE service_id = :id AND line_id = :line

-- name: service_alpha_add
INSERT INTO service_alpha (sid, service_id, sender, country, created_ms)
SELECT :sid, id, :sender, :country, :now FROM service WHERE id = :id AND name IS NULL AND deleted_ms = 0

-- name: service_alpha_remove
DELETE FROM service_alpha WHERE service_id = :id AND id = :alpha
