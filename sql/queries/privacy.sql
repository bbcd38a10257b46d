-- The statements of host/privacy. Addresses are :a, :b and :c, the forms in which one number may stand.

-- name: account_next
SELECT min(id) FROM account WHERE id > :after

-- ---- forgetting ----

-- name: forget_insert
INSERT INTO forget_receipt (account_id, mark, number, before_id, asked_ms, done_ms)
VALUES (:account, :mark, :number, :before, :now, 0)

-- name: forget_next
SELECT id, account_id, number, before_id FROM forget_receipt INDEXED BY forget_open WHERE done_ms = 0 AND id > :after ORDER BY id LIMIT 1

-- name: forget_last_message
SELECT coalesce(max(id), 0) FROM message

-- What is under way to one number in one account, and how far the look came.

-- name: forget_moving
SELECT m.id, EXISTS (SELECT 1 FROM work WHERE message_id = m.id) OR EXISTS (SELECT 1 FROM scheduled WHERE message_id = m.id)
FROM message m WHERE m.account_id = :account AND m.to_addr = :to AND m.id > :after ORDER BY m.id LIMIT :limit

-- name: forget_rows
SELECT m.id FROM account a CROSS JOIN message m INDEXED BY message_to ON m.account_id = a.id AND m.to_addr IN (:a, :b, :c)
WHERE :account IN (0, a.id) AND m.id <= :before
    AND NOT EXISTS (SELECT 1 FROM work WHERE message_id = m.id) AND NOT EXISTS (SELECT 1 FROM scheduled WHERE message_id = m.id)
UNION ALL
SELECT m.id FROM account a CROSS JOIN message m INDEXED BY message_from ON m.account_id = a.id AND m.from_addr IN (:a, :b, :c)
WHERE :account IN (0, a.id) AND m.id <= :before
    AND NOT EXISTS (SELECT 1 FROM work WHERE message_id = m.id) AND NOT EXISTS (SELECT 1 FROM scheduled WHERE message_id = m.id)
LIMIT :limit

-- What is left then is what is under way.

-- name: forget_left
SELECT count(*) FROM account a CROSS JOIN message m INDEXED BY message_to ON m.account_id = a.id AND m.to_addr IN (:a, :b, :c)
WHERE :account IN (0, a.id) AND m.id <= :before

-- name: forget_sends
DELETE FROM verification_send WHERE verification_id IN
    (SELECT id FROM verification WHERE to_addr IN (:a, :b, :c)
        AND (:account = 0 OR service_id IN (SELECT id FROM verify_service WHERE account_id = :account)))

-- name: forget_verifications
DELETE FROM verification WHERE to_addr IN (:a, :b, :c)
    AND (:account = 0 OR service_id IN (SELECT id FROM verify_service WHERE account_id = :account))

-- name: forget_sticky
DELETE FROM sticky WHERE to_addr IN (:a, :b, :c)
    AND service_id IN (SELECT id FROM service WHERE :account IN (0, account_id))

-- name: forget_reports
DELETE FROM report WHERE to_addr IN (:a, :b, :c)
    AND (:account = 0 OR line_id IN (SELECT id FROM line WHERE account_id = :account))

-- Where the mark stands for the same pair already, the number adds nothing.

-- name: forget_optouts_twice
DELETE FROM optout WHERE number IN (:a, :b, :c) AND :account IN (0, account_id) AND EXISTS
    (SELECT 1 FROM optout o WHERE o.number = :mark AND o.service_id = optout.service_id AND o.line_id = optout.line_id)

-- name: forget_optouts
UPDATE OR REPLACE optout SET number = :mark WHERE number IN (:a, :b, :c) AND :account IN (0, account_id)

-- name: forget_count_add
INSERT INTO forget_count (receipt_id, what, gone) VALUES (:receipt, :what, :gone)
ON CONFLICT (receipt_id, what) DO UPDATE SET gone = gone + excluded.gone

-- name: forget_done
UPDATE forget_receipt SET number = '', done_ms = :now WHERE id = :receipt

-- name: forget_receipts
SELECT id, account_id, mark, asked_ms, done_ms FROM forget_receipt WHERE id < :before ORDER BY id DESC LIMIT :limit

-- name: forget_receipts_of
SELECT id, account_id, mark, asked_ms, done_ms FROM forget_receipt WHERE mark = :mark AND id < :before ORDER BY id DESC LIMIT :limit

-- name: forget_counts
SELECT what, gone FROM forget_count WHERE receipt_id = :receipt

-- ---- retention ----

-- name: retention_of
SELECT what, keep_s FROM account_retention WHERE account_id = :account

-- name: retention_set
INSERT OR REPLACE INTO account_retention (account_id, what, keep_s) VALUES (:account, :what, :keep)

-- name: retention_unset
DELETE FROM account_retention WHERE account_id = :account AND what = :what

-- Rows that may not go yet are told as such, so that a step is bounded by what it looks at.

-- name: retention_old
SELECT id, updated_ms, report_until_ms <= :now AND NOT EXISTS (SELECT 1 FROM hook WHERE message_id = message.id)
FROM message INDEXED BY message_keep
WHERE account_id = :account AND redacted = :redacted AND status = :status AND status >= 5 AND status != 10
    AND (updated_ms, id) > (:after_ms, :after) AND updated_ms < :before
ORDER BY updated_ms, id LIMIT :limit

-- name: retention_parts
DELETE FROM part WHERE id IN
    (SELECT id FROM part WHERE message_id = 0 AND received_ms < :before AND present = 0 ORDER BY received_ms LIMIT :limit)

-- name: retention_keys
DELETE FROM idempotency WHERE (account_id, key) IN (SELECT account_id, key FROM idempotency WHERE until_ms <= :before LIMIT :limit)

-- A service that was deleted is needed by the messages that it sent: all are older than its end. When the oldest message of
-- its account is younger, none is left. The newest service stays, so that no id is used twice.

-- name: retention_service
SELECT s.id FROM service s WHERE s.deleted_ms > 0 AND s.deleted_ms < :before AND s.name IS NULL AND s.id < (SELECT max(id) FROM service) AND NOT EXISTS
    (SELECT 1 FROM message m WHERE m.id = (SELECT min(id) FROM message WHERE account_id = s.account_id) AND m.created_ms <= s.deleted_ms)
ORDER BY s.id LIMIT 1

-- name: retention_service_lines
DELETE FROM service_line WHERE service_id = :service

-- name: retention_service_alphas
DELETE FROM service_alpha WHERE service_id = :service

-- name: retention_service_sticky
DELETE FROM sticky WHERE service_id = :service

-- name: retention_service_optouts
DELETE FROM optout WHERE service_id = :service AND service_id > 0

-- name: retention_service_row
DELETE FROM service WHERE id = :service
