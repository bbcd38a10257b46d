-- The queue's statements. Numbers of states: sql/schema.sql.

-- name: message_insert
INSERT INTO message (sid, mm, account_id, direction, status, from_addr, to_addr, body, line_id, service_id, segments, error_code, unsure,
                     priority, policy, created_ms, updated_ms, sent_ms, expires_ms, report_until_ms, callback_url, tags, status_report,
                     discard_body, mask_to, reply_to, dcs, concat_ref)
VALUES (:sid, 0, :account, :direction, :status, :from, :to, :body, :line, :service, :segments, 0, 0,
        :priority, :policy, :created, :created, NULL, :expires, 0, :callback, :tags, :status_report,
        :discard, :mask, :reply_to, :dcs, :ref)

-- name: message_receive
INSERT INTO message (sid, mm, account_id, direction, status, from_addr, to_addr, body, line_id, service_id, segments, error_code, unsure,
                     priority, policy, created_ms, updated_ms, sent_ms, expires_ms, report_until_ms, status_report,
                     discard_body, mask_to, reply_to, dcs)
VALUES (:sid, 0, :account, 1, 10, :from, :to, '', :line, :service, :segments, 0, 0, 0, 0, :created, :created, NULL, 0, 0, 0, 0, 0, 0, :dcs)

-- name: message_newest
SELECT created_ms FROM message ORDER BY id DESC LIMIT 1

-- name: message_last_ref
SELECT concat_ref FROM message WHERE to_addr = :to AND concat_ref IS NOT NULL ORDER BY id DESC LIMIT 1

-- name: message_bind
UPDATE message SET line_id = :line, from_addr = coalesce((SELECT number FROM line WHERE id = :line), from_addr), updated_ms = :now
WHERE id = :message AND line_id != :line

-- name: message_queued
UPDATE message SET status = 3, updated_ms = :now WHERE id = :message AND status = 1

-- name: message_released
UPDATE message SET status = CASE service_id WHEN 0 THEN 3 ELSE 1 END, updated_ms = :now WHERE id = :message AND status = 2

-- name: message_sending
UPDATE message SET status = 4, updated_ms = :now WHERE id = :message AND status IN (1, 2, 3)

-- name: message_handed_over
UPDATE message SET sent_ms = :now WHERE id = :message AND direction = 1 AND sent_ms IS NULL

-- name: message_redact
UPDATE message SET body = '', redacted = 1 WHERE id = :message

-- name: message_delete
DELETE FROM message WHERE id = :message

-- name: message_assembled
UPDATE message SET status = 11, body = :body, error_code = :error, updated_ms = :now WHERE id = :message

-- name: life_get
SELECT account_id, line_id, service_id, direction, status, segments, expires_ms, report_until_ms, unsure, status_report, discard_body,
       policy, to_addr
FROM message WHERE id = :message

-- name: life_become
UPDATE message SET status = :status, error_code = :error, unsure = 0, report_until_ms = :report_until, updated_ms = :now,
    body = CASE discard_body WHEN 0 THEN body ELSE '' END
WHERE id = :message

-- name: life_sent
UPDATE message SET status = 5, unsure = 0, report_until_ms = :report_until, updated_ms = :now, sent_ms = :now,
    body = CASE discard_body WHEN 0 THEN body ELSE '' END
WHERE id = :message

-- name: life_unsure
UPDATE message SET unsure = :unsure, updated_ms = :now WHERE id = :message

-- name: life_no_report
UPDATE message SET report_until_ms = 0, updated_ms = :now WHERE id = :message AND status = 5

-- name: segment_insert
INSERT INTO segment (message_id, seq, state, report, resent, udhi, udl, ud) VALUES (:message, :seq, 1, 0, 0, :udhi, :udl, :ud)

-- name: segment_next
SELECT m.sid, m.dcs, m.status_report, m.segments, m.to_addr, m.expires_ms, s.seq, s.udhi, s.udl, s.ud, m.status
FROM message m JOIN segment s ON s.message_id = m.id
WHERE m.id = :message AND s.state = 1 ORDER BY s.seq LIMIT 1

-- name: segment_state
UPDATE segment SET state = :state WHERE message_id = :message AND seq = :seq

-- name: segment_get_state
SELECT state, EXISTS (SELECT 1 FROM attempt a WHERE a.message_id = :message AND a.seq = :seq AND a.n > :n)
FROM segment WHERE message_id = :message AND seq = :seq

-- name: segment_open
SELECT sum(state = 1), sum(state = 2), sum(state = 5) FROM segment WHERE message_id = :message

-- name: segment_resend
UPDATE segment SET state = 1, resent = 1 WHERE message_id = :message AND seq = :seq AND resent = 0

-- name: segment_unsure_sent
UPDATE segment SET state = 3 WHERE message_id = :message AND state = 5

-- name: segment_unsure_resend
UPDATE segment SET state = 1, resent = resent + 1 WHERE message_id = :message AND state = 5

-- name: segment_cancel
UPDATE segment SET state = 6 WHERE message_id = :message AND (state = 1 OR (state = 2 AND NOT EXISTS (
    SELECT 1 FROM attempt WHERE attempt.message_id = :message AND attempt.state = 2)))

-- name: segment_report
UPDATE segment SET report = :report WHERE message_id = :message AND seq = :seq AND report IN (0, 2)

-- name: segment_reports
SELECT sum(report = 1), sum(report = 2), (SELECT max(report_done_ms) FROM attempt WHERE message_id = :message)
FROM segment WHERE message_id = :message

-- name: segment_clear
UPDATE segment SET ud = x'' WHERE message_id = :message

-- name: segment_delete
DELETE FROM segment WHERE message_id = :message

-- name: attempt_insert
INSERT INTO attempt (message_id, n, seq, line_id, state, mr, iccid, started_ms, ended_ms, reason, st, report_scts_ms, report_done_ms)
VALUES (:message, :n, :seq, :line, 1, -1, '', :now, 0, '', -1, 0, 0)

-- name: attempt_get
SELECT seq, line_id, state, started_ms FROM attempt WHERE message_id = :message AND n = :n

-- name: attempt_in_flight
UPDATE attempt SET state = 2, iccid = :iccid WHERE message_id = :message AND n = :n AND state = 1

-- name: attempt_end
UPDATE attempt SET state = :state, mr = :mr, ended_ms = :now, reason = :reason WHERE message_id = :message AND n = :n

-- name: attempt_report
UPDATE attempt SET state = :state, mr = :mr, st = :st, report_scts_ms = :scts, report_done_ms = :done WHERE message_id = :message AND n = :n

-- name: attempt_close
UPDATE attempt SET state = CASE state WHEN 1 THEN 8 ELSE 4 END WHERE message_id = :message AND state IN (1, 3)

-- name: attempt_claimed
SELECT message_id, n, seq FROM attempt INDEXED BY attempt_open WHERE state <= 4 AND state = 1 LIMIT 1

-- name: attempt_resumable
SELECT m.sid, m.dcs, m.status_report, m.segments, m.to_addr, m.expires_ms, s.seq, s.udhi, s.udl, s.ud, a.message_id, a.n, a.started_ms
FROM attempt a JOIN message m ON m.id = a.message_id JOIN segment s ON s.message_id = a.message_id AND s.seq = a.seq
WHERE a.line_id = :line AND a.state <= 4 AND a.state = 2 ORDER BY a.started_ms LIMIT :max

-- name: attempt_by_mr
SELECT a.message_id, a.n, a.seq, a.state, a.started_ms, a.st, a.report_scts_ms, a.report_done_ms, m.to_addr
FROM attempt a CROSS JOIN message m ON m.id = a.message_id
WHERE a.state = 5 AND a.line_id = :line AND a.mr = :mr AND a.started_ms <= :latest
ORDER BY a.started_ms DESC, a.message_id DESC, a.n DESC LIMIT :max

-- name: attempt_by_time
SELECT a.message_id, a.n, a.seq, a.state, a.started_ms, a.st, a.report_scts_ms, a.report_done_ms, m.to_addr
FROM attempt a CROSS JOIN message m ON m.id = a.message_id
WHERE a.state <= 4 AND a.line_id = :line AND a.started_ms <= :latest
ORDER BY a.started_ms DESC, a.message_id DESC, a.n DESC LIMIT :max

-- name: attempt_delete
DELETE FROM attempt WHERE message_id = :message

-- name: work_get
SELECT message_id, account_id, lane, to_addr, picker, rank, state, due_ms, retry_ms, expires_ms, tries, attempts, last_error, begun, unsure
FROM work WHERE message_id = :message

-- name: work_insert
INSERT INTO work (message_id, account_id, lane, to_addr, picker, rank, state, due_ms, retry_ms, expires_ms, tries, attempts, last_error,
                  begun, unsure)
VALUES (:message, :account, :lane, :to, :picker, :rank, :state, :due, :retry, :expires, :tries, :attempts, :last_error, :begun, :unsure)

-- name: work_update
UPDATE work SET picker = :picker, state = :state, due_ms = :due, retry_ms = :retry, tries = :tries, attempts = :attempts,
    last_error = :last_error, unsure = :unsure
WHERE message_id = :message

-- name: work_begin
UPDATE work SET begun = 1 WHERE message_id = :message AND begun = 0

-- name: work_delete
DELETE FROM work WHERE message_id = :message

-- name: work_head
SELECT message_id, rank, state FROM work WHERE lane = :lane AND to_addr = :to AND state <= 3

-- name: work_second
SELECT message_id, rank FROM work WHERE lane = :lane AND to_addr = :to AND state = 4 ORDER BY rank, message_id LIMIT 1

-- name: work_promote
UPDATE work SET state = CASE WHEN retry_ms > :now THEN 2 ELSE 1 END,
    due_ms = CASE WHEN retry_ms > :now THEN retry_ms ELSE expires_ms END
WHERE message_id = :message

-- name: work_demote
UPDATE work SET state = 4, due_ms = expires_ms WHERE message_id = :message

-- name: work_wake
UPDATE work SET state = 1, due_ms = expires_ms
WHERE message_id IN (SELECT message_id FROM work WHERE picker = :picker AND state = 2 AND due_ms <= :now ORDER BY due_ms LIMIT 64)

-- name: work_pick
SELECT message_id, account_id, lane, to_addr, picker, rank, state, due_ms, retry_ms, expires_ms, tries, attempts, last_error, begun, unsure
FROM work WHERE picker = :picker AND state = 1 ORDER BY rank, message_id LIMIT 1

-- name: work_next_retry
SELECT due_ms FROM work WHERE picker = :picker AND state = 2 ORDER BY due_ms LIMIT 1

-- name: work_due
SELECT message_id, account_id, lane, to_addr, picker, rank, state, due_ms, retry_ms, expires_ms, tries, attempts, last_error, begun, unsure
FROM work WHERE due_ms <= :now ORDER BY due_ms LIMIT 1

-- name: work_due_retry
SELECT message_id, account_id, lane, to_addr, picker, rank, state, due_ms, retry_ms, expires_ms, tries, attempts, last_error, begun, unsure
FROM work WHERE due_ms <= :now AND state = 2 LIMIT 1

-- name: work_depths
SELECT account_id, count(*) FROM work GROUP BY account_id

-- name: work_lanes
SELECT lane, count(*) FROM work GROUP BY lane

-- name: scheduled_insert
INSERT INTO scheduled (message_id, account_id, send_ms) VALUES (:message, :account, :send)

-- name: scheduled_delete
DELETE FROM scheduled WHERE message_id = :message

-- name: scheduled_due
SELECT message_id FROM scheduled WHERE send_ms <= :now ORDER BY send_ms, message_id LIMIT 1

-- name: scheduled_work
SELECT account_id, line_id, service_id, to_addr, priority, expires_ms FROM message WHERE id = :message

-- name: scheduled_depths
SELECT account_id, count(*) FROM scheduled GROUP BY account_id

-- name: feedback_put
INSERT INTO feedback (message_id, confirmed, created_ms, updated_ms) VALUES (:message, :confirmed, :now, :now)
ON CONFLICT (message_id) DO UPDATE SET confirmed = excluded.confirmed, updated_ms = excluded.updated_ms

-- name: feedback_get
SELECT confirmed, created_ms, updated_ms FROM feedback WHERE message_id = :message

-- name: idempotency_forget
DELETE FROM idempotency WHERE message_id = :message

-- name: message_moves
SELECT EXISTS (SELECT 1 FROM work WHERE message_id = :message) OR EXISTS (SELECT 1 FROM scheduled WHERE message_id = :message)

-- name: feedback_delete
DELETE FROM feedback WHERE message_id = :message

-- name: next_due
SELECT min(due_ms) FROM (SELECT min(due_ms) AS due_ms FROM work UNION ALL SELECT min(due_ms) FROM assembly UNION ALL
                         SELECT min(due_ms) FROM report UNION ALL SELECT min(send_ms) FROM scheduled)

-- name: next_due_retry
SELECT min(due_ms) FROM work WHERE state = 2

-- name: report_insert
INSERT INTO report (line_id, mr, to_addr, st, scts_ms, done_ms, hex, due_ms) VALUES (:line, :mr, :to, :st, :scts, :done, :hex, :due)

-- name: report_of_line
SELECT id, line_id, mr, to_addr, st, scts_ms, done_ms FROM report WHERE line_id = :line AND id > :after ORDER BY id

-- name: report_overdue
SELECT id, line_id, mr, to_addr, st, scts_ms, done_ms FROM report WHERE due_ms <= :now ORDER BY due_ms LIMIT 1

-- name: report_defer
UPDATE report SET due_ms = :due WHERE id = :id

-- name: report_delete
DELETE FROM report WHERE id = :id

-- name: part_insert
INSERT INTO part (message_id, line_id, seq, hash, scts_ms, memory, slot, present, received_ms, text, ucs2, hex)
VALUES (:message, :line, :seq, :hash, :scts, :memory, :slot, :present, :received, :text, :ucs2, :hex)

-- name: part_in_slot
SELECT id, hash, scts_ms FROM part WHERE line_id = :line AND memory = :memory AND slot = :slot AND present = 1

-- name: part_erased
UPDATE part SET present = 0 WHERE line_id = :line AND memory = :memory AND slot = :slot AND present = 1

-- name: part_equal
SELECT max(received_ms), max(present), max(message_id) FROM part WHERE line_id = :line AND scts_ms = :scts AND hash = :hash

-- name: part_list
SELECT text, ucs2, seq FROM part WHERE message_id = :message AND message_id > 0 ORDER BY seq

-- name: part_count
SELECT count(*) FROM part WHERE message_id = :message AND message_id > 0

-- name: part_redact
UPDATE part SET text = '', ucs2 = NULL, hex = '' WHERE message_id = :message AND message_id > 0

-- name: part_forget
UPDATE part SET message_id = 0, text = '', ucs2 = NULL, hex = '' WHERE message_id = :message AND message_id > 0

-- name: assembly_insert
INSERT INTO assembly (message_id, line_id, sender, ref, bits, total, scts_ms, quiet, due_ms)
VALUES (:message, :line, :sender, :ref, :bits, :total, :scts, :quiet, :due)

-- name: assembly_find
SELECT message_id, quiet FROM assembly
WHERE line_id = :line AND sender = :sender AND ref = :ref AND bits = :bits AND total = :total
    AND NOT EXISTS (SELECT 1 FROM part WHERE part.message_id = assembly.message_id AND part.message_id > 0 AND part.seq = :seq)
ORDER BY abs(scts_ms - :scts), message_id LIMIT 1

-- name: assembly_overdue
SELECT message_id, quiet FROM assembly WHERE due_ms <= :now ORDER BY due_ms LIMIT 1

-- name: assembly_delete
DELETE FROM assembly WHERE message_id = :message

-- name: hook_insert
INSERT INTO hook (message_id, status, error_code, report_done_ms, tries, created_ms, due_ms)
SELECT :message, :status, :error, :done, 0, :now, CASE WHEN EXISTS (SELECT 1 FROM hook WHERE message_id = :message) THEN NULL ELSE :now END

-- name: hook_due
SELECT h.message_id, h.status, h.error_code, h.report_done_ms, h.tries, h.created_ms, m.sid
FROM hook h CROSS JOIN message m ON m.id = h.message_id
WHERE h.due_ms <= :now ORDER BY h.due_ms, h.message_id LIMIT :max

-- name: hook_next
SELECT due_ms FROM hook WHERE due_ms > :now ORDER BY due_ms LIMIT 1

-- name: hook_put_off
UPDATE hook SET due_ms = :due, tries = tries + :tries WHERE message_id = :message AND status = :status AND due_ms IS NOT NULL

-- name: hook_delete
DELETE FROM hook WHERE message_id = :message AND status = :status AND due_ms IS NOT NULL

-- name: hook_release
UPDATE hook SET due_ms = :now
WHERE message_id = :message AND status = (SELECT min(status) FROM hook WHERE message_id = :message) AND due_ms IS NULL

-- name: hook_delete_all
DELETE FROM hook WHERE message_id = :message

-- name: event_insert
INSERT INTO event (message_id, n, at_ms, kind, detail)
VALUES (:message, (SELECT coalesce(max(n), 0) + 1 FROM event WHERE message_id = :message), :at, :kind, :detail)

-- name: event_list
SELECT at_ms, kind, detail FROM event WHERE message_id = :message ORDER BY n

-- name: event_delete
DELETE FROM event WHERE message_id = :message

-- name: idempotency_get
SELECT m.id, m.sid, i.request FROM idempotency i LEFT JOIN message m ON m.id = i.message_id
WHERE i.account_id = :account AND i.key = :key AND i.until_ms > :now

-- name: idempotency_put
INSERT OR REPLACE INTO idempotency (account_id, key, message_id, until_ms, request)
VALUES (:account, :key, :message, :until, :request)

-- name: idempotency_sweep
DELETE FROM idempotency
WHERE (account_id, key) IN (SELECT account_id, key FROM idempotency WHERE until_ms <= :now ORDER BY until_ms LIMIT 8)

-- name: queue_counts
SELECT coalesce(sum(begun = 0), 0), coalesce(sum(begun = 1), 0), coalesce(sum(unsure > 0), 0),
       (SELECT count(*) FROM hook WHERE due_ms <= :now), (SELECT count(*) FROM hook),
       (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message')
FROM work

-- name: shift_message
UPDATE message SET expires_ms = expires_ms + :by WHERE id IN (SELECT message_id FROM work WHERE expires_ms <= :before)

-- name: shift_work
UPDATE work SET due_ms = due_ms + :by, expires_ms = expires_ms + :by, retry_ms = CASE retry_ms WHEN 0 THEN 0 ELSE retry_ms + :by END
WHERE expires_ms <= :before

-- name: shift_assembly
UPDATE assembly SET due_ms = due_ms + :by WHERE due_ms <= :before

-- name: shift_report
UPDATE report SET due_ms = due_ms + :by WHERE due_ms <= :before

-- name: shift_idempotency
UPDATE idempotency SET until_ms = until_ms + :by WHERE until_ms <= :before

-- name: shift_hook
UPDATE hook SET due_ms = due_ms + :by, created_ms = created_ms + :by WHERE due_ms <= :before

-- name: work_after
SELECT message_id, account_id, begun AND EXISTS (
    SELECT 1 FROM segment s WHERE s.message_id = work.message_id AND (s.state IN (2, 3, 5) OR s.resent > 0))
FROM work WHERE message_id > :after ORDER BY message_id LIMIT :limit

-- name: scheduled_after
SELECT message_id, account_id, 0 FROM scheduled WHERE message_id > :after ORDER BY message_id LIMIT :limit

-- name: work_to
SELECT message_id, account_id, begun FROM work WHERE lane = :lane AND to_addr = :to AND state <= 3 AND begun = 0 AND message_id > :after AND message_id < :before
UNION ALL
SELECT message_id, account_id, begun FROM work WHERE lane = :lane AND to_addr = :to AND state = 4 AND begun = 0 AND message_id > :after AND message_id < :before
LIMIT :limit

-- name: scheduled_to
SELECT s.message_id, s.account_id, 0 FROM message m CROSS JOIN scheduled s ON s.message_id = m.id
WHERE m.account_id = :account AND m.to_addr = :to AND m.id > :after AND m.id < :before
    AND CASE m.line_id WHEN 0 THEN -m.service_id ELSE m.line_id END = :lane
ORDER BY m.id LIMIT :limit
