-- name: application_list
SELECT id, sid, account_id, friendly_name, sms_url, sms_method, sms_fallback_url, sms_fallback_method, sms_status_callback,
       message_status_callback, status_callback, status_callback_method, voice_url, voice_method, voice_fallback_url,
       voice_fallback_method, voice_caller_id_lookup, public_application_connect_enabled, created_ms, updated_ms
FROM application ORDER BY id

-- name: application_insert
INSERT INTO application (sid, account_id, friendly_name, sms_url, sms_method, sms_fallback_url, sms_fallback_method,
                         sms_status_callback, message_status_callback, status_callback, status_callback_method, voice_url,
                         voice_method, voice_fallback_url, voice_fallback_method, voice_caller_id_lookup,
                         public_application_connect_enabled, created_ms, updated_ms)
VALUES (:sid, :account_id, coalesce(:friendly_name, ''), coalesce(:sms_url, ''), coalesce(:sms_method, 'POST'),
        coalesce(:sms_fallback_url, ''), coalesce(:sms_fallback_method, 'POST'), coalesce(:sms_status_callback, ''),
        coalesce(:message_status_callback, ''), coalesce(:status_callback, ''), coalesce(:status_callback_method, 'POST'),
        coalesce(:voice_url, ''), coalesce(:voice_method, 'POST'), coalesce(:voice_fallback_url, ''),
        coalesce(:voice_fallback_method, 'POST'), coalesce(:voice_caller_id_lookup, 0),
        coalesce(:public_application_connect_enabled, 0), :now, :now)

-- name: application_update
UPDATE application SET friendly_name = coalesce(:friendly_name, friendly_name), sms_url = coalesce(:sms_url, sms_url),
    sms_method = coalesce(:sms_method, sms_method), sms_fallback_url = coalesce(:sms_fallback_url, sms_fallback_url),
    sms_fallback_method = coalesce(:sms_fallback_method, sms_fallback_method),
    sms_status_callback = coalesce(:sms_status_callback, sms_status_callback),
    message_status_callback = coalesce(:message_status_callback, message_status_callback),
    status_callback = coalesce(:status_callback, status_callback),
    status_callback_method = coalesce(:status_callback_method, status_callback_method),
    voice_url = coalesce(:voice_url, voice_url), voice_method = coalesce(:voice_method, voice_method),
    voice_fallback_url = coalesce(:voice_fallback_url, voice_fallback_url),
    voice_fallback_method = coalesce(:voice_fallback_method, voice_fallback_method),
    voice_caller_id_lookup = coalesce(:voice_caller_id_lookup, voice_caller_id_lookup),
    public_application_connect_enabled = coalesce(:public_application_connect_enabled, public_application_connect_enabled),
    updated_ms = :now
WHERE id = :id

-- name: application_delete
DELETE FROM application WHERE id = :id

-- name: line_application_clear
UPDATE line SET sms_application_id = 0 WHERE sms_application_id = :id
