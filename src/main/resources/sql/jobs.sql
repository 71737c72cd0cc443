-- name: enqueue
-- Commits with the change that asks for it. One that is due wakes the workers at once; the rest they
-- find by polling. NOTIFY takes part in the transaction, and is merely not heard behind a pooler.
insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
select :id, :user_id, :kind, :key, :payload::jsonb, :run_at::timestamptz, :now
from (
  select case when :run_at::timestamptz <= :now then pg_notify('perpetua_flow_jobs', '') end
) as woken
on conflict (kind, job_key) where state in ('queued', 'running') do nothing

-- name: enqueue_for_system
-- scope: system
-- As above, for a job that belongs to no one user.
insert into ops.job_queue (id, kind, job_key, payload, run_at, created_at)
select :id, :kind, :key, :payload::jsonb, :run_at::timestamptz, :now
from (
  select case when :run_at::timestamptz <= :now then pg_notify('perpetua_flow_jobs', '') end
) as woken
on conflict (kind, job_key) where state in ('queued', 'running') do nothing

-- name: cancel
-- A running one has its handler's own checks to stop it.
delete from ops.job_queue
where user_id = :user_id and kind = :kind and job_key = :key and state = 'queued'

-- name: cancel_about
-- As above, for all that concern one thing; a user has as many waiting as they have reminders.
delete from ops.job_queue
where user_id = :user_id and kind = :kind and payload @> :about::jsonb and state = 'queued'

-- name: reschedule
-- A new time is a new beginning: earlier attempts do not count against it.
update ops.job_queue
set run_at = :run_at::timestamptz, attempts = 0, last_error = null
where user_id = :user_id and kind = :kind and job_key = :key and state = 'queued'

-- name: claim_due
-- scope: system
-- Workers pass over each other's rows instead of waiting. Attempts count here, so that a job which
-- kills its worker counts as well. Only kinds that this release knows: a later one may have more.
-- What was tried before may be what kills workers: it is claimed only to run at once and comes
-- first, so that what a worker holds for later loses one attempt by it at most.
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
    select id, attempts, row_number() over (partition by attempts > 0 order by run_at, id) as turn
    from due
  ) as ranked
  where attempts = 0 or turn <= :now_count
),
claimed as (
  update ops.job_queue j
  set state = 'running', attempts = j.attempts + 1, lease = :lease,
      heartbeat_at = clock_timestamp(),
      lease_until = clock_timestamp() + :lease_ms * interval '1 millisecond'
  from chosen
  where j.id = chosen.id
  returning j.id, j.user_id, j.kind, j.job_key, j.payload, j.run_at, j.attempts, j.max_attempts
)
select id, user_id, kind, job_key, payload, attempts, max_attempts
from claimed
order by attempts > 1 desc, run_at, id

-- name: extend_leases
-- scope: system
-- A lease that was lost meanwhile matches no row and stays lost; only running jobs have one.
update ops.job_queue
set heartbeat_at = clock_timestamp(),
    lease_until = clock_timestamp() + :lease_ms * interval '1 millisecond'
where id = any(:ids::uuid[]) and lease = any(:leases::uuid[])

-- name: rescue
-- scope: system
-- From a worker that is gone. One at a time: of the jobs it held one may have killed it, and shall
-- not be claimed together with the others again.
update ops.job_queue
set state = case when attempts >= max_attempts then 'dead' else 'queued' end,
    finished_at = case when attempts >= max_attempts then :now::timestamptz end,
    lease = null, heartbeat_at = null, lease_until = null,
    last_error = 'its worker was lost'
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
-- Leaves with what the handler did and the commit, as one message. Nothing to update: the lease was
-- lost. Then job_queue_running_leased refuses the row below, and with it the whole transaction.
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
-- The handler did part of the work, or found it too early: no failure, so attempts begin anew. As
-- above if the lease was lost.
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
-- No further attempt is left; people must look at it.
update ops.job_queue
set state = 'dead', finished_at = :now, lease = null, heartbeat_at = null, lease_until = null,
    last_error = :error
where id = :id and lease = :lease

-- name: release
-- scope: system
-- The worker stops in an orderly way: the attempt does not count.
update ops.job_queue
set state = 'queued', attempts = attempts - 1, lease = null, heartbeat_at = null,
    lease_until = null
where id = any(:ids::uuid[]) and lease = any(:leases::uuid[])

-- name: find_busy
-- scope: system
-- Whether anything that this release knows is due or running, wherever.
select exists (
         select from ops.job_queue
         where state = 'queued' and run_at <= :now and kind = any(:kinds::text[])
       )
       or exists (
         select from ops.job_queue
         where state = 'running' and lease_until > '-infinity' and kind = any(:kinds::text[])
       ) as busy

-- name: measure
-- scope: system
-- What waits for its time is not counted: there may be a million reminders.
select (select count(*) from ops.job_queue where state = 'queued' and run_at <= :now) as due,
       (select count(*) from ops.job_queue where state = 'running' and lease_until > '-infinity')
         as running,
       (select count(*) from ops.job_queue where state = 'dead' and finished_at is not null)
         as dead,
       (select min(run_at) from ops.job_queue where state = 'queued' and run_at <= :now)
         as oldest_due

-- name: begin_days
-- scope: system
-- Today, and days since the last one that were missed, a week back at most; a kind that is new
-- begins today. Whoever inserts the day enqueues its job; all others find it there.
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
-- How far the day's batches have come; empty at the beginning.
select coalesce(cursor, '') as cursor
from ops.schedule_runs
where kind = :kind and day = :day::date

-- name: move_cursor
-- scope: system
-- Null: the day is done.
update ops.schedule_runs
set cursor = :cursor::text,
    finished_at = case when :cursor::text is null then :now::timestamptz end
where kind = :kind and day = :day::date

-- name: list_dead
-- scope: system
-- Newest first; the index is read backwards.
select id, user_id, kind, job_key, attempts, finished_at, coalesce(last_error, '') as last_error
from ops.job_queue
where state = 'dead' and finished_at is not null
order by finished_at desc
limit :count

-- name: retry_dead
-- scope: system
-- The newest of each key, unless another job of that key lives already.
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
-- cleanup, in batches. Dead ones stay until somebody has put them back.
delete from ops.job_queue
where id in (
  select id
  from ops.job_queue
  where state = 'done' and finished_at < :horizon::timestamptz
  order by finished_at
  limit :count
  for update skip locked
)
