-- The router: which line of a pool. What is bound to its line (a segment sent, unsure, out, or sent again) stays there.

-- name: work_prefer
UPDATE work SET picker = :line WHERE message_id = :message AND picker = :service AND state = 1

-- name: work_release_heads
UPDATE work SET picker = lane
WHERE lane = :lane AND state <= 3 AND state <> 3 AND picker > 0 AND (:line = 0 OR picker = :line) AND NOT EXISTS (
    SELECT 1 FROM segment s WHERE s.message_id = work.message_id AND (s.state IN (2, 3, 5) OR s.resent > 0))

-- name: work_release_behind
UPDATE work SET picker = lane
WHERE lane = :lane AND state = 4 AND picker > 0 AND (:line = 0 OR picker = :line) AND NOT EXISTS (
    SELECT 1 FROM segment s WHERE s.message_id = work.message_id AND (s.state IN (2, 3, 5) OR s.resent > 0))

-- name: sticky_get
SELECT line_id FROM sticky WHERE service_id = :service AND to_addr = :to

-- name: sticky_of_message
SELECT m.service_id, m.to_addr, coalesce(k.line_id, 0), coalesce(k.used_ms, 0)
FROM message m JOIN service s ON s.id = m.service_id LEFT JOIN sticky k ON k.service_id = m.service_id AND k.to_addr = m.to_addr
WHERE m.id = :message AND s.sticky_sender = 1

-- name: sticky_put
INSERT INTO sticky (service_id, to_addr, line_id, used_ms) VALUES (:service, :to, :line, :now)
ON CONFLICT (service_id, to_addr) DO UPDATE SET line_id = :line, used_ms = :now

-- name: sticky_count
SELECT count(*) FROM sticky

-- name: sticky_oldest
SELECT service_id, to_addr FROM sticky WHERE used_ms >= 0 ORDER BY used_ms LIMIT 1

-- name: sticky_delete
DELETE FROM sticky WHERE service_id = :service AND to_addr = :to
