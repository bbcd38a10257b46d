-- name: api_key_get
SELECT id, sid, account_id, friendly_name, secret, created_ms, updated_ms FROM api_key
WHERE sid = :sid AND (:account_id = 0 OR account_id = :account_id)

-- name: api_key_list
SELECT id, sid, account_id, friendly_name, secret, created_ms, updated_ms FROM api_key
WHERE account_id = :account_id ORDER BY id DESC

-- name: api_key_insert
INSERT INTO api_key (sid, account_id, friendly_name, secret, created_ms, updated_ms)
SELECT :sid, :account_id, :friendly_name, :secret, :now, :now
WHERE (SELECT count(*) FROM api_key WHERE account_id = :account_id) < :most

-- name: api_key_rename
UPDATE api_key SET friendly_name = :friendly_name, updated_ms = :now WHERE sid = :sid AND account_id = :account_id

-- name: api_key_delete
DELETE FROM api_key WHERE sid = :sid AND account_id = :account_id
