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
