-- name: account_list
SELECT id, sid, token, friendly_name, status, created_ms, updated_ms, owner_id, test FROM account ORDER BY id

-- name: account_insert
INSERT INTO account (sid, token, friendly_name, status, created_ms, updated_ms, owner_id, test)
VALUES (:sid, :token, :friendly_name, 0, :now, :now, :owner_id, :test)

-- name: account_token_set
UPDATE account SET token = :token, updated_ms = :now WHERE sid = :sid

-- name: account_update
UPDATE account SET friendly_name = coalesce(:friendly_name, friendly_name), status = :status, updated_ms = :now
WHERE id = :id AND (status <> 2 OR :status = 2)

-- name: line_list
SELECT id, sid, account_id, name, number, iccid, friendly_name, sms_url, sms_method, sms_fallback_url, sms_fallback_method,
       status_callback, status_callback_method, created_ms, updated_ms, sms_application_id
FROM line ORDER BY id

-- name: line_insert
INSERT INTO line (sid, account_id, name, number, iccid, friendly_name, sms_url, sms_method, sms_fallback_url, sms_fallback_method,
                  status_callback, created_ms, updated_ms)
VALUES (:sid, :account_id, :name, :number, :iccid, :friendly_name, :sms_url, :sms_method, :sms_fallback_url, :sms_fallback_method,
        :status_callback, :now, :now)

-- name: line_update
UPDATE line SET account_id = coalesce(nullif(:account_id, 0), account_id),
    friendly_name = coalesce(:friendly_name, friendly_name), sms_url = coalesce(:sms_url, sms_url),
    sms_method = coalesce(:sms_method, sms_method), sms_fallback_url = coalesce(:sms_fallback_url, sms_fallback_url),
    sms_fallback_method = coalesce(:sms_fallback_method, sms_fallback_method),
    status_callback = coalesce(:status_callback, status_callback),
    status_callback_method = coalesce(:status_callback_method, status_callback_method),
    sms_application_id = coalesce(:sms_application_id, sms_application_id), updated_ms = :now
WHERE id = :id

-- name: line_identity_set
UPDATE line SET iccid = :iccid, number = :number, updated_ms = :now WHERE id = :id

-- name: service_list
SELECT id, sid, account_id, name, friendly_name, inbound_request_url, inbound_method, fallback_url, fallback_method, status_callback,
       smart_encoding, use_inbound_webhook_on_number, validity_s, created_ms, updated_ms
FROM service ORDER BY id

-- name: service_insert
INSERT INTO service (sid, account_id, name, friendly_name, inbound_request_url, inbound_method, fallback_url, fallback_method,
                     status_callback, smart_encoding, use_inbound_webhook_on_number, validity_s, created_ms, updated_ms)
VALUES (:sid, :account_id, :name, :friendly_name, :inbound_request_url, :inbound_method, :fallback_url, :fallback_method,
        :status_callback, :smart_encoding, :use_inbound_webhook_on_number, :validity_s, :now, :now)

-- name: service_update
UPDATE service SET sid = :sid, name = :name, friendly_name = :friendly_name, inbound_request_url = :inbound_request_url,
    inbound_method = :inbound_method, fallback_url = :fallback_url, fallback_method = :fallback_method,
    status_callback = :status_callback, smart_encoding = :smart_encoding,
    use_inbound_webhook_on_number = :use_inbound_webhook_on_number, validity_s = :validity_s, updated_ms = :now
WHERE id = :id

-- name: service_line_list
SELECT line_id FROM service_line WHERE service_id = :service_id ORDER BY line_id

-- name: service_line_clear
DELETE FROM service_line WHERE service_id = :service_id

-- name: service_line_leave
DELETE FROM service_line
WHERE line_id = :line_id AND service_id IN (SELECT id FROM service WHERE account_id <> :account_id)

-- name: service_line_insert
INSERT INTO service_line (service_id, line_id)
SELECT service.id, line.id FROM service, line WHERE service.sid = :sid AND line.name = :line AND line.account_id = service.account_id
