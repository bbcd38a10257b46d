-- name: notification_put
INSERT INTO notification (sid, account_id, message_id, log, code, text, method, url, variables, headers, body, created_ms, at_ms)
VALUES (:sid, :account, :message, :log, :code, :text, :method, :url, :variables, :headers, :body, :now, :now)
ON CONFLICT (message_id, account_id, code, url) DO UPDATE SET log = excluded.log, text = excluded.text, method = excluded.method,
  variables = excluded.variables, headers = excluded.headers, body = excluded.body, at_ms = excluded.at_ms

-- name: notification_older
SELECT id, sid, account_id, message_id, log, code, text, method, url, variables, headers, body, created_ms, at_ms
FROM notification WHERE account_id = :account AND at_ms >= :from AND (at_ms, id) < (:to, :id) AND (:log < 0 OR log = :log)
ORDER BY at_ms DESC, id DESC LIMIT :limit

-- name: notification_newer
SELECT id, sid, account_id, message_id, log, code, text, method, url, variables, headers, body, created_ms, at_ms
FROM notification WHERE account_id = :account AND at_ms <= :to AND (at_ms, id) >= (:from, :id) AND (:log < 0 OR log = :log)
ORDER BY at_ms, id LIMIT :limit

-- name: notification_by_sid
SELECT id, sid, account_id, message_id, log, code, text, method, url, variables, headers, body, created_ms, at_ms
FROM notification WHERE sid = :sid AND account_id = :account

-- name: notification_redact
UPDATE notification SET variables = '', body = '' WHERE message_id = :message

-- name: notification_delete
DELETE FROM notification WHERE message_id = :message

-- name: notification_trim
DELETE FROM notification WHERE id IN
  (SELECT id FROM notification WHERE account_id = :account ORDER BY at_ms DESC, id DESC LIMIT :step OFFSET :most)

-- name: notification_age
DELETE FROM notification WHERE id IN (SELECT id FROM notification WHERE at_ms < :before ORDER BY at_ms LIMIT :step)

-- name: dead_hook_put
INSERT OR REPLACE INTO dead_hook (message_id, status, error_code, report_done_ms, tries, died_ms)
SELECT message_id, status, error_code, report_done_ms, tries, :now FROM hook WHERE message_id = :message AND status = :status

-- name: dead_hook_take
DELETE FROM dead_hook WHERE message_id = :message AND status = :status

-- name: dead_hook_revive
INSERT OR IGNORE INTO hook (message_id, status, error_code, report_done_ms, tries, created_ms, due_ms)
SELECT d.message_id, d.status, d.error_code, d.report_done_ms, 0, :now,
  CASE WHEN EXISTS (SELECT 1 FROM hook h WHERE h.message_id = d.message_id) THEN NULL ELSE :now END
FROM dead_hook d WHERE d.message_id = :message AND d.status = :status

-- name: dead_hook_delete_all
DELETE FROM dead_hook WHERE message_id = :message

-- name: dead_hook_age
DELETE FROM dead_hook WHERE (message_id, status) IN
  (SELECT message_id, status FROM dead_hook WHERE died_ms < :before ORDER BY died_ms LIMIT :step)

-- name: dead_hook_trim
DELETE FROM dead_hook WHERE (message_id, status) IN
  (SELECT message_id, status FROM dead_hook WHERE died_ms > 0 ORDER BY died_ms DESC LIMIT :step OFFSET :most)

-- name: hook_walk
SELECT h.message_id, h.status, h.error_code, h.report_done_ms, h.tries, h.created_ms, m.sid, h.due_ms
FROM hook h CROSS JOIN message m ON m.id = h.message_id
WHERE (h.message_id, h.status) > (:message, :status) ORDER BY h.message_id, h.status LIMIT :limit

-- name: dead_hook_walk
SELECT d.message_id, d.status, d.error_code, d.report_done_ms, d.tries, d.died_ms, m.sid, NULL
FROM dead_hook d CROSS JOIN message m ON m.id = d.message_id
WHERE (d.message_id, d.status) > (:message, :status) ORDER BY d.message_id, d.status LIMIT :limit

-- name: hook_hurry
UPDATE hook SET due_ms = :now WHERE message_id = :message AND status = :status AND due_ms > :now
