-- The statements of host/optout. :mark is what is left of a number that was forgotten.

-- name: optout_add
INSERT INTO optout (sid, account_id, service_id, line_id, number, source, created_ms)
SELECT :sid, :account, :service, :line, :number, :source, :now
WHERE NOT EXISTS (SELECT 1 FROM optout WHERE number = :mark AND service_id = :service AND line_id = :line)
ON CONFLICT (number, service_id, line_id) DO NOTHING

-- name: optout_remove
DELETE FROM optout WHERE number IN (:number, :mark) AND service_id = :service AND line_id = :line

-- A line that is meant alone also answers for the services whose pools hold it, and a service for its lines.

-- name: optout_clear
DELETE FROM optout WHERE number IN (:number, :mark) AND (
    (service_id != 0 AND service_id = :service) OR (line_id != 0 AND line_id = :line)
    OR line_id IN (SELECT line_id FROM service_line WHERE service_id = :service)
    OR service_id IN (SELECT service_id FROM service_line WHERE line_id = :line))

-- name: optout_blocks
SELECT 1 FROM optout WHERE number IN (:number, :mark) AND (
    (service_id != 0 AND service_id = :service) OR (line_id != 0 AND line_id = :line)
    OR line_id IN (SELECT line_id FROM service_line WHERE service_id = :service)
    OR service_id IN (SELECT service_id FROM service_line WHERE line_id = :line)) LIMIT 1

-- The same of a message that the line is about to take; what answers the word itself is newer than the row.

-- name: optout_of_work
SELECT 1 FROM message m CROSS JOIN optout o ON o.number = m.to_addr
WHERE m.id = :message AND (
    (o.service_id != 0 AND o.service_id = m.service_id) OR o.line_id = :line
    OR o.line_id IN (SELECT line_id FROM service_line WHERE service_id = m.service_id)
    OR o.service_id IN (SELECT service_id FROM service_line WHERE line_id = :line))
    AND NOT (m.direction = 3 AND m.created_ms >= o.created_ms)
    AND NOT EXISTS (SELECT 1 FROM segment s WHERE s.message_id = m.id AND (s.state IN (3, 5) OR s.resent > 0)) LIMIT 1

-- name: optout_find
SELECT id, sid, account_id, service_id, line_id, number, source, created_ms FROM optout
WHERE number IN (:number, :mark) AND service_id = :service AND line_id = :line

-- name: optout_find_sid
SELECT id, sid, account_id, service_id, line_id, number, source, created_ms FROM optout WHERE sid = :sid

-- name: optout_older
SELECT id, sid, account_id, service_id, line_id, number, source, created_ms FROM optout
WHERE account_id = :account AND id < :id ORDER BY id DESC LIMIT :limit

-- name: optout_newer
SELECT id, sid, account_id, service_id, line_id, number, source, created_ms FROM optout
WHERE account_id = :account AND id >= :id ORDER BY id LIMIT :limit

-- name: optout_older_any
SELECT id, sid, account_id, service_id, line_id, number, source, created_ms FROM optout
WHERE id < :id ORDER BY id DESC LIMIT :limit

-- name: optout_of_number
SELECT id, sid, account_id, service_id, line_id, number, source, created_ms FROM optout
WHERE number IN (:number, :mark) AND account_id = :account ORDER BY id DESC LIMIT :limit

-- name: optout_seen
SELECT message_id FROM optout_seen WHERE id = 1

-- name: optout_see
UPDATE optout_seen SET message_id = :message WHERE id = 1 AND message_id < :message

-- name: optout_unseen
SELECT id FROM message INDEXED BY message_inbound WHERE direction = 1 AND id > :after AND segments = 1 ORDER BY id LIMIT :max
