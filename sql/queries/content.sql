-- name: content_insert
INSERT INTO content (sid, account_id, friendly_name, language, variables, types, created_ms)
SELECT :sid, :account_id, :friendly_name, :language, :variables, :types, :now
WHERE (SELECT count(*) FROM content WHERE account_id = :account_id) < :most

-- name: content_delete
DELETE FROM content WHERE sid = :sid AND account_id = :account_id

-- name: content_by_sid
SELECT id, sid, friendly_name, language, variables, types, created_ms FROM content
WHERE sid = :sid AND account_id = :account_id

-- name: content_older
SELECT id, sid, friendly_name, language, variables, types, created_ms FROM content
WHERE account_id = :account_id AND id < :id ORDER BY id DESC LIMIT :limit

-- name: content_since
SELECT id, sid, friendly_name, language, variables, types, created_ms FROM content
WHERE account_id = :account_id AND id >= :id ORDER BY id LIMIT :limit
