-- name: usage_count
INSERT INTO usage_day (account_id, day, out_messages, out_segments, in_messages, in_segments)
SELECT account_id, :day, direction <> 1, CASE direction WHEN 1 THEN 0 ELSE segments END, direction = 1,
       CASE direction WHEN 1 THEN segments ELSE 0 END
FROM message WHERE id = :message
ON CONFLICT (account_id, day) DO UPDATE SET out_messages = out_messages + excluded.out_messages,
    out_segments = out_segments + excluded.out_segments, in_messages = in_messages + excluded.in_messages,
    in_segments = in_segments + excluded.in_segments

-- name: usage_sum
SELECT coalesce(sum(out_messages), 0), coalesce(sum(out_segments), 0), coalesce(sum(in_messages), 0), coalesce(sum(in_segments), 0)
FROM usage_day WHERE account_id = :account AND day BETWEEN :from AND :to
