-- name: enqueue
-- A due job notifies the workers at commit. Later jobs are found by polling, as is every job if a
-- transaction pooler drops the notification.
insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at, traceparent)
select :id, :user_id, :kind, :key, :payload::jsonb, :run_at::timestamptz, :now, :traceparent::text
from (
  select case when :run_at::timestamptz <= :now then pg_notify('perpetua_flow_jobs', '') end
) as woken
on conflict (kind, job_key) where state in ('queued', 'running') do nothing

-- name: enqueue_for_system
-- scope: system
-- As enqueue, for a job without a user.
insert into ops.job_queue (id, kind, job_key, payload, run_at, created_at, traceparent)
select :id, :kind, :key, :payload::jsonb, :run_at::timestamptz, :now, :traceparent::text
from (
  select case when :run_at::timestamptz <= :now then pg_notify('perpetua_flow_jobs', '') end
) as woken
on conflict (kind, job_key) where state in ('queued', 'running') do nothing

-- name: cancel
-- A running job is left alone: its handler checks whether there is still work to do.
delete from ops.job_queue
where user_id = :user_id and kind = :kind and job_key = :key and state = 'queued'

-- name: cancel_matching
-- As cancel, for all jobs whose payload contains these members. Needs no index on the payload: a
-- user has few jobs, one per reminder.
delete from ops.job_queue
where user_id = :user_id and kind = :kind and payload @> :members::jsonb and state = 'queued'

-- name: reschedule
-- Earlier attempts do not count.
update ops.job_queue
set run_at = :run_at::timestamptz, attempts = 0, last_error = null
where user_id = :user_id and kind = :kind and job_key = :key and state = 'queued'

-- name: claim_due
-- scope: system
-- SKIP LOCKED, so that workers do not wait for each other. Only the kinds of this release; a newer
-- release may enqueue others. Attempts are counted at the claim, so that a job that kills its
-- worker runs out of them. A job with an earlier attempt may be such a job: it is claimed only if
-- it can run at once (:now_count) and runs first, so that the jobs claimed with it lose at most one
-- attempt.
with due as materialized (
  select id, run_at, attempts
  from ops.job_queue
  where state = 'queued' and run_at <= :now and kind = any(:kinds::text[])
  order by run_at, id
  limit :count
  for update skip locked
),
chosen as (
  select id
  from (
    select id, attempts, row_number() over (partition by attempts > 0 order by run_at, id) as place
    from due
  ) as ranked
  where attempts = 0 or place <= :now_count
),
claimed as (
  update ops.job_queue j
  set state = 'running', attempts = j.attempts + 1, lease = :lease,
      heartbeat_at = clock_timestamp(),
      lease_until = clock_timestamp() + :lease_ms * interval '1 millisecond'
  from chosen
  where j.id = chosen.id
  returning j.id, j.user_id, j.kind, j.job_key, j.payload, j.run_at, j.attempts, j.max_attempts,
            j.traceparent
)
select id, user_id, kind, job_key, payload, attempts, max_attempts, traceparent
from claimed
order by attempts > 1 desc, run_at, id

-- name: extend_leases
-- scope: system
-- Updates no row for a lost lease. Only running jobs have a lease, so state is not checked.
update ops.job_queue
set heartbeat_at = clock_timestamp(),
    lease_until = clock_timestamp() + :lease_ms * interval '1 millisecond'
where id = any(:ids::uuid[]) and lease = any(:leases::uuid[])

-- name: rescue
-- scope: system
-- Returns a job with an expired lease to the queue. One job per call: it may be the job that killed
-- the worker, and must not be claimed together with the others again.
update ops.job_queue
set state = case when attempts >= max_attempts then 'dead' else 'queued' end,
    finished_at = case when attempts >= max_attempts then :now::timestamptz end,
    lease = null, heartbeat_at = null, lease_until = null,
    last_error = 'lease expired'
where id = (
  select id
  from ops.job_queue
  where state = 'running' and lease_until <= (select clock_timestamp())
  order by lease_until
  limit 1
  for update skip locked
)
returning kind, state

-- name: finish
-- scope: system
-- Sent with the commit, so the caller cannot check the number of updated rows. If the lease was
-- lost, no row is updated and the insert fails the transaction: it violates
-- job_queue_running_leased.
with ended as (
  update ops.job_queue
  set state = 'done', finished_at = :now, lease = null, heartbeat_at = null, lease_until = null,
      last_error = null
  where id = :id and lease = :lease
  returning id
)
insert into ops.job_queue (id, kind, job_key, state, run_at, created_at)
select :id, 'lost', 'lost', 'running', :now, :now
where not exists (select from ended)

-- name: snooze
-- scope: system
-- Not a failure, so the number of attempts is reset. A lost lease fails the transaction, as in
-- finish.
with ended as (
  update ops.job_queue
  set state = 'queued', run_at = :run_at::timestamptz, attempts = 0, lease = null,
      heartbeat_at = null, lease_until = null, last_error = null
  where id = :id and lease = :lease
  returning id
)
insert into ops.job_queue (id, kind, job_key, state, run_at, created_at)
select :id, 'lost', 'lost', 'running', :now, :now
where not exists (select from ended)

-- name: retry_later
-- scope: system
update ops.job_queue
set state = 'queued', run_at = :run_at::timestamptz, lease = null, heartbeat_at = null,
    lease_until = null, last_error = :error
where id = :id and lease = :lease

-- name: discard
-- scope: system
-- For a job without attempts left; it stays until an operator retries it.
update ops.job_queue
set state = 'dead', finished_at = :now, lease = null, heartbeat_at = null, lease_until = null,
    last_error = :error
where id = :id and lease = :lease

-- name: release
-- scope: system
-- The job did not fail, so the attempt does not count.
update ops.job_queue
set state = 'queued', attempts = attempts - 1, lease = null, heartbeat_at = null,
    lease_until = null
where id = any(:ids::uuid[]) and lease = any(:leases::uuid[])

-- name: find_pending
-- scope: system
-- Whether any job of the given kinds is due or running, in any worker. The comparison with
-- -infinity is always true for running jobs; it makes the partial index on lease_until usable.
select exists (
         select from ops.job_queue
         where state = 'queued' and run_at <= :now and kind = any(:kinds::text[])
       )
       or exists (
         select from ops.job_queue
         where state = 'running' and lease_until > '-infinity' and kind = any(:kinds::text[])
       ) as pending

-- name: measure
-- scope: system
-- Counts due jobs only: there may be a million reminders that are not due.
select (select count(*) from ops.job_queue where state = 'queued' and run_at <= :now) as due,
       (select count(*) from ops.job_queue where state = 'running' and lease_until > '-infinity')
         as running,
       (select count(*) from ops.job_queue where state = 'dead' and finished_at is not null)
         as dead,
       (select min(run_at) from ops.job_queue where state = 'queued' and run_at <= :now)
         as oldest_due

-- name: insert_due_days
-- scope: system
-- Inserts today and up to seven missed days before it; a new kind starts today. The worker that
-- inserts a day enqueues its job; for other workers the insert returns no row.
insert into ops.schedule_runs (kind, day, created_at)
select k.kind, :today::date - back, :now
from unnest(:kinds::text[]) as k (kind)
cross join generate_series(0, 7) as back
where :today::date - back > coalesce(
  (select max(r.day) from ops.schedule_runs r where r.kind = k.kind and r.day <= :today::date),
  :today::date - 1
)
order by 1, 2
on conflict (kind, day) do nothing
returning kind, day::text as day

-- name: find_cursor
-- scope: system
-- The start of the day's next batch; an empty string for the first batch.
select coalesce(cursor, '') as cursor
from ops.schedule_runs
where kind = :kind and day = :day::date

-- name: store_cursor
-- scope: system
-- A null cursor marks the day as done.
update ops.schedule_runs
set cursor = :cursor::text,
    finished_at = case when :cursor::text is null then :now::timestamptz end
where kind = :kind and day = :day::date

-- name: list_dead
-- scope: system
-- Scans the index of dead jobs backwards.
select id, user_id, kind, job_key, attempts, finished_at, coalesce(last_error, '') as last_error
from ops.job_queue
where state = 'dead' and finished_at is not null
order by finished_at desc
limit :count

-- name: retry_dead
-- scope: system
-- Retries the newest dead job of each kind and key, unless an unfinished job has that key.
with newest as (
  select distinct on (kind, job_key) id, kind, job_key
  from ops.job_queue
  where state = 'dead' and finished_at is not null
  order by kind, job_key, finished_at desc
)
update ops.job_queue j
set state = 'queued', attempts = 0, run_at = :now, finished_at = null
from newest n
where j.id = n.id
  and not exists (
    select from ops.job_queue u
    where u.kind = n.kind and u.job_key = n.job_key and u.state in ('queued', 'running')
  )

-- name: delete_finished
-- scope: system
-- Runs daily, in batches. Dead jobs stay until an operator retries them.
delete from ops.job_queue
where id in (
  select id
  from ops.job_queue
  where state = 'done' and finished_at < :horizon::timestamptz
  order by finished_at
  limit :count
  for update skip locked
)
