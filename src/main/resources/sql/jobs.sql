-- name: enqueue
-- Jobs that are due wake the workers at once; later ones are found by polling. NOTIFY is sent by the
-- commit; behind a pooler it is lost.
insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at)
select :id, :user_id, :kind, :key, :payload::jsonb, :run_at::timestamptz, :now
from (
  select case when :run_at::timestamptz <= :now then pg_notify('perpetua_flow_jobs', '') end
) as woken
on conflict (kind, job_key) where state in ('queued', 'running') do nothing

-- name: enqueue_for_system
-- scope: system
-- As enqueue, for a job that belongs to no user.
insert into ops.job_queue (id, kind, job_key, payload, run_at, created_at)
select :id, :kind, :key, :payload::jsonb, :run_at::timestamptz, :now
from (
  select case when :run_at::timestamptz <= :now then pg_notify('perpetua_flow_jobs', '') end
) as woken
on conflict (kind, job_key) where state in ('queued', 'running') do nothing

-- name: cancel
-- The handler of a running job checks by itself whether there is still work to do.
delete from ops.job_queue
where user_id = :user_id and kind = :kind and job_key = :key and state = 'queued'

-- name: cancel_matching
-- As cancel, for all jobs with these members in the payload. A user has few jobs: one per reminder.
delete from ops.job_queue
where user_id = :user_id and kind = :kind and payload @> :members::jsonb and state = 'queued'

-- name: reschedule
-- Attempts made before do not count.
update ops.job_queue
set run_at = :run_at::timestamptz, attempts = 0, last_error = null
where user_id = :user_id and kind = :kind and job_key = :key and state = 'queued'

-- name: claim_due
-- scope: system
-- Workers skip rows that others have locked. The attempt is counted at the claim, so that jobs which
-- kill their worker end, too. Kinds of later releases are left to their workers. A job attempted
-- before may be one that kills workers: it is claimed only to run at once, and runs first, so that
-- prefetched jobs lose at most one attempt to it.
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
  returning j.id, j.user_id, j.kind, j.job_key, j.payload, j.run_at, j.attempts, j.max_attempts
)
select id, user_id, kind, job_key, payload, attempts, max_attempts
from claimed
order by attempts > 1 desc, run_at, id

-- name: extend_leases
-- scope: system
-- A lost lease matches no row; only running jobs have one.
update ops.job_queue
set heartbeat_at = clock_timestamp(),
    lease_until = clock_timestamp() + :lease_ms * interval '1 millisecond'
where id = any(:ids::uuid[]) and lease = any(:leases::uuid[])

-- name: rescue
-- scope: system
-- Ends an expired lease. One at a time: one of the jobs may have killed their worker, and must not
-- be claimed together with the others again.
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
-- Sent with the commit, so nothing can read how many rows it updated. If none, because the lease was
-- lost, the insert violates job_queue_running_leased and fails the transaction.
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
-- Not a failure, so attempts start anew. If the lease was lost, it fails as finish does.
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
-- No attempt is left; an operator has to look at the job.
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
-- Whether any job of a kind that this release knows is due or running, in any worker.
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
-- Jobs that are not due are not counted: there may be a million reminders.
select (select count(*) from ops.job_queue where state = 'queued' and run_at <= :now) as due,
       (select count(*) from ops.job_queue where state = 'running' and lease_until > '-infinity')
         as running,
       (select count(*) from ops.job_queue where state = 'dead' and finished_at is not null)
         as dead,
       (select min(run_at) from ops.job_queue where state = 'queued' and run_at <= :now)
         as oldest_due

-- name: insert_due_days
-- scope: system
-- Today and the days missed since the last run, a week back at most; a new kind starts today. The
-- worker that inserts a day enqueues its job; in the others the insert does nothing.
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
-- Where the day's next batch starts; empty for the first.
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
-- Reads the index backwards.
select id, user_id, kind, job_key, attempts, finished_at, coalesce(last_error, '') as last_error
from ops.job_queue
where state = 'dead' and finished_at is not null
order by finished_at desc
limit :count

-- name: retry_dead
-- scope: system
-- The newest of each kind and key, unless an unfinished job has the same key.
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
-- In batches. Dead jobs stay until an operator retries them.
delete from ops.job_queue
where id in (
  select id
  from ops.job_queue
  where state = 'done' and finished_at < :horizon::timestamptz
  order by finished_at
  limit :count
  for update skip locked
)
