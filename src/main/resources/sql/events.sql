-- name: append_activity
-- Sent with the commit, so that it adds no round trip.
insert into activity.activity_logs
  (id, user_id, entity_type, entity_id, action, source, metadata, request_id, created_at)
values
  (:id, :user_id, :entity_type, :entity_id::uuid, :action, :source, :metadata::jsonb,
   :request_id::text, :now)

-- name: missing_partitions
-- scope: system fan-out
-- One round trip; usually no partition is missing.
select to_char(:first::date + n, 'YYYY-MM-DD') as day
from generate_series(0, :days) as n
where to_regclass('activity.activity_logs_' || to_char(:first::date + n, 'YYYYMMDD')) is null
order by n

-- name: create_partition
-- scope: system fan-out
-- The log is partitioned by UTC day.
select activity.make_day(:day::date) as created

-- name: set_lock_timeout
-- scope: system fan-out
-- For this transaction only. A statement that waits for an exclusive lock on the log blocks all
-- later statements on it.
select set_config('lock_timeout', '200ms', true) as lock_timeout

-- name: drop_partitions_before
-- scope: system fan-out
select activity.drop_days_before(:day::date) as dropped
