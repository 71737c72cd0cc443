-- name: append_activity
-- Nothing changes without an entry; it goes out with the commit, so it costs no round trip.
insert into activity.activity_logs
  (id, user_id, entity_type, entity_id, action, source, metadata, request_id, created_at)
values
  (:id, :user_id, :entity_type, :entity_id::uuid, :action, :source, :metadata::jsonb,
   :request_id::text, :now)

-- name: create_partition
-- scope: system
-- Entries are partitioned by UTC day; a day's partition must stand before its first entry.
select activity.make_day(:day::date) as made

-- name: set_lock_timeout
-- scope: system
-- For the rest of this transaction: whoever waits for a lock on the log holds up everyone behind.
select set_config('lock_timeout', '200ms', true) as lock_timeout

-- name: drop_partitions_before
-- scope: system
select activity.drop_days_before(:day::date) as dropped
