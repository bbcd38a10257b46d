-- name: verify_service_insert
INSERT INTO verify_service (sid, account_id, friendly_name, code_length, tts_name, flags, created_ms, updated_ms)
SELECT :sid, :account_id, :friendly_name, :code_length, :tts_name, :flags, :now, :now
WHERE (SELECT count(*) FROM verify_service WHERE account_id = :account_id) < :most

-- name: verify_service_update
UPDATE verify_service SET friendly_name = coalesce(:friendly_name, friendly_name), tts_name = coalesce(:tts_name, tts_name),
    code_length = CASE :code_length WHEN 0 THEN code_length ELSE :code_length END,
    flags = (flags & ~:mask) | :flags, updated_ms = :now
WHERE sid = :sid AND account_id = :account_id

-- name: verify_service_delete
DELETE FROM verify_service WHERE sid = :sid AND account_id = :account_id

-- name: verify_service_by_sid
SELECT id, sid, account_id, friendly_name, code_length, tts_name, flags, created_ms, updated_ms FROM verify_service
WHERE sid = :sid AND account_id = :account_id

-- name: verify_service_older
SELECT id, sid, account_id, friendly_name, code_length, tts_name, flags, created_ms, updated_ms FROM verify_service
WHERE account_id = :account_id AND id < :id ORDER BY id DESC LIMIT :limit

-- name: verify_service_since
SELECT id, sid, account_id, friendly_name, code_length, tts_name, flags, created_ms, updated_ms FROM verify_service
WHERE account_id = :account_id AND id >= :id ORDER BY id LIMIT :limit

-- The one that still counts for a number: its code may be checked, or was guessed at too often. Pending is 1, too many checks 4.
-- name: verification_live
SELECT id, sid, status, code, digits, checks, expires_ms, (SELECT count(*) FROM verification_send WHERE verification_id = id)
FROM verification
WHERE service_id = :service_id AND to_addr = :to AND status IN (1, 4) AND expires_ms > :now
ORDER BY created_ms DESC LIMIT 1

-- name: verification_live_by_sid
SELECT id, sid, status, code, digits, checks, expires_ms, (SELECT count(*) FROM verification_send WHERE verification_id = id)
FROM verification
WHERE service_id = :service_id AND sid = :sid AND status IN (1, 4) AND expires_ms > :now

-- name: verification_recent
SELECT count(*) FROM verification WHERE service_id = :service_id AND to_addr = :to AND created_ms > :since

-- name: verification_insert
INSERT INTO verification (sid, service_id, to_addr, status, code, digits, checks, created_ms, updated_ms, expires_ms, due_ms)
VALUES (:sid, :service_id, :to, 1, :code, :digits, 0, :now, :now, :expires, :expires)

-- name: verification_send_insert
INSERT INTO verification_send (verification_id, n, message_sid, at_ms) VALUES (:id, :n, :sid, :now)

-- name: verification_send_delete
DELETE FROM verification_send WHERE verification_id = :id AND message_sid = :sid

-- name: verification_delete_unsent
DELETE FROM verification
WHERE id = :id AND NOT EXISTS (SELECT 1 FROM verification_send WHERE verification_id = verification.id)

-- name: verification_code_set
UPDATE verification SET code = :code, digits = :digits, updated_ms = :now WHERE id = :id

-- name: verification_check_count
UPDATE verification SET checks = checks + 1, updated_ms = :now WHERE id = :id

-- name: verification_exhaust
UPDATE verification SET status = 4, code = x'', checks = checks + 1, updated_ms = :now WHERE id = :id

-- name: verification_end
UPDATE verification SET status = :status, code = x'', updated_ms = :now, due_ms = :due
WHERE id = :id AND status = 1 AND expires_ms > :now

-- name: verification_by_sid
SELECT id, sid, service_id, to_addr, status, created_ms, updated_ms, expires_ms FROM verification
WHERE sid = :sid AND service_id = :service_id

-- name: verification_by_id
SELECT id, sid, service_id, to_addr, status, created_ms, updated_ms, expires_ms FROM verification WHERE id = :id

-- name: verification_by_number
SELECT id, sid, service_id, to_addr, status, created_ms, updated_ms, expires_ms FROM verification
WHERE service_id = :service_id AND to_addr = :to AND status = 1 AND expires_ms > :now
ORDER BY created_ms DESC LIMIT 1

-- name: verification_sends
SELECT message_sid, at_ms FROM verification_send WHERE verification_id = :id ORDER BY n

-- name: verification_next_due
SELECT min(due_ms) FROM verification

-- A row's first due time is when it expires; the code is of no use then. Its second is when it goes.
-- name: verification_expire
UPDATE verification SET status = CASE status WHEN 1 THEN 5 ELSE status END, code = x'', due_ms = expires_ms + :keep
WHERE id IN (SELECT id FROM verification WHERE due_ms <= :now AND due_ms = expires_ms ORDER BY due_ms LIMIT :limit)

-- name: verification_purge_sends
DELETE FROM verification_send WHERE verification_id IN
    (SELECT id FROM verification WHERE due_ms <= :now AND due_ms > expires_ms ORDER BY due_ms LIMIT :limit)

-- name: verification_purge
DELETE FROM verification WHERE id IN
    (SELECT id FROM verification WHERE due_ms <= :now AND due_ms > expires_ms ORDER BY due_ms LIMIT :limit)
