-- name: enqueue
-- Notifies the workers at commit unless the job is due so late that each of them looks at the queue
-- before: they sleep for less than a minute, and their clocks may differ by another one.
insert into ops.job_queue (id, user_id, kind, job_key, payload, run_at, created_at, traceparent)
select :id, :user_id, :kind, :key, :payload::jsonb, :run_at::timestamptz, :now, :traceparent::text
from (
  select case when :run_at::timestamptz <= :now::timestamptz + interval '2 minutes'
              then pg_notify('perpetua_flow_jobs', '') end
) as woken
on conflict (kind, job_key) where state in ('queued', 'running') do nothing

-- name: enqueue_for_system
-- scope: system queue
-- As enqueue, for a job without a user.
insert into ops.job_queue (id, kind, job_key, payload, run_at, created_at, traceparent)
select :id, :kind, :key, :payload::jsonb, :run_at::timestamptz, :now, :traceparent::text
from (
  select case when :run_at::timestamptz <= :now::timestamptz + interval '2 minutes'
              then pg_notify('perpetua_flow_jobs', '') end
) as woken
on conflict (kind, job_key) where state in ('queued', 'running') do nothing

-- name: continue_change
-- Rows that the transaction changes from here on belong to the change that enqueued the job.
select set_config('flow.change', coalesce(change::text, ''), true) as change
from ops.job_queue
where user_id = :user_id and id = :id

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
-- Earlier attempts do not count. Notifies as enqueue does.
update ops.job_queue
set run_at = :run_at::timestamptz, attempts = 0, last_error = null
from (
  select case when :run_at::timestamptz <= :now::timestamptz + interval '2 minutes'
              then pg_notify('perpetua_flow_jobs', '') end
) as woken
where user_id = :user_id and kind = :kind and job_key = :key and state = 'queued'

-- name: reschedule_all
-- As reschedule, of several jobs; the arrays have one element for each.
update ops.job_queue j
set run_at = moved.run_at, attempts = 0, last_error = null
from unnest(:keys::text[], :times::text[]::timestamptz[]) as moved (job_key, run_at)
cross join (
  select case when min(t.at) <= :now::timestamptz + interval '2 minutes'
              then pg_notify('perpetua_flow_jobs', '') end
  from unnest(:times::text[]::timestamptz[]) as t (at)
) as woken
where j.user_id = :user_id and j.kind = :kind and j.job_key = moved.job_key and j.state = 'queued'

-- name: claim_due
-- scope: system queue
-- SKIP LOCKED, so that workers do not wait for each other. Only the kinds of this release; a newer
-- release may enqueue others. Attempts are counted at the claim, so that a job that kills its
-- worker runs out of them. A job with an earlier attempt may be such a job: it is claimed only if
-- it can run at once (:now_count) and runs first, so that the jobs claimed with it lose at most one
-- attempt. Also returns, with every job or in a row without one, when to claim again: whether there
-- may be more due jobs than were read; if not, when the next job becomes due (at once, if another
-- worker has locked it); and, if asked for, how long the leases of running jobs last at least.
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
),
found as (select count(*) >= :count as is_limited from due)
select c.id, c.user_id, c.kind, c.job_key, c.payload, c.attempts, c.max_attempts, c.traceparent,
       s.is_limited, s.next_run_at, s.lease_left_ms
from (
  select found.is_limited,
         case when not found.is_limited then (
           select q.run_at
           from ops.job_queue q
           where q.state = 'queued' and q.run_at > '-infinity' and q.kind = any(:kinds::text[])
             and not exists (select from chosen where chosen.id = q.id)
           order by q.run_at, q.id
           limit 1
         ) end as next_run_at,
         case when :with_leases then (
           select greatest(-1, least(1e9,
                    extract(epoch from first.lease_until - clock_timestamp()) * 1000))::int
           from (
             select min(r.lease_until) as lease_until
             from ops.job_queue r
             where r.state = 'running' and r.lease_until > '-infinity'
           ) as first
           where first.lease_until is not null
         ) end as lease_left_ms
  from found
) as s
left join claimed c on true
order by c.attempts > 1 desc, c.run_at, c.id

-- name: extend_leases
-- scope: system queue
-- Updates no row for a lost lease. Only running jobs have a lease, so state is not checked.
update ops.job_queue
set heartbeat_at = clock_timestamp(),
    lease_until = clock_timestamp() + :lease_ms * interval '1 millisecond'
where id = any(:ids::uuid[]) and lease = any(:leases::uuid[])

-- name: rescue
-- scope: system queue
-- Returns a job with an expired lease to the queue. One job per call: it may be the job that killed
-- the worker, and must not be claimed together with the others again.
with rescued as (
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
)
select kind, state,
       case when state = 'queued' then pg_notify('perpetua_flow_jobs', '')::text end as woken
from rescued

-- name: finish
-- scope: system queue
-- Deletes the job. Sent with the commit, so the caller cannot check the number of deleted rows: if
-- the lease was lost, none is deleted, and the cast to ops.lease_held fails the transaction. With
-- :repeatable the commit does not wait for the disk: should the server crash within a second, effect
-- and end are lost together, and the job runs again.
with ended as (
  delete from ops.job_queue
  where id = :id and lease = :lease
  returning id
)
select exists (select from ended)::ops.lease_held as held,
       case when :repeatable then set_config('synchronous_commit', 'off', true) end
         as synchronous_commit

-- name: snooze
-- scope: system queue
-- Not a failure, so the number of attempts is reset. A lost lease fails the transaction, as in
-- finish. Notifies as enqueue does.
with ended as (
  update ops.job_queue
  set state = 'queued', run_at = :run_at::timestamptz, attempts = 0, lease = null,
      heartbeat_at = null, lease_until = null, last_error = null
  from (
    select case when :run_at::timestamptz <= :now::timestamptz + interval '2 minutes'
                then pg_notify('perpetua_flow_jobs', '') end
  ) as woken
  where id = :id and lease = :lease
  returning id
)
select exists (select from ended)::ops.lease_held as held

-- name: retry_later
-- scope: system queue
-- Notifies as enqueue does: if this worker dies, another one has to know when the job is due.
update ops.job_queue
set state = 'queued', run_at = :run_at::timestamptz, lease = null, heartbeat_at = null,
    lease_until = null, last_error = :error
from (
  select case when :run_at::timestamptz <= :now::timestamptz + interval '2 minutes'
              then pg_notify('perpetua_flow_jobs', '') end
) as woken
where id = :id and lease = :lease

-- name: discard
-- scope: system queue
-- For a job without attempts left; it stays until an operator retries it.
update ops.job_queue
set state = 'dead', finished_at = :now, lease = null, heartbeat_at = null, lease_until = null,
    last_error = :error
where id = :id and lease = :lease

-- name: release
-- scope: system queue
-- The job did not fail, so the attempt does not count.
update ops.job_queue
set state = 'queued', attempts = attempts - 1, lease = null, heartbeat_at = null,
    lease_until = null
from (select pg_notify('perpetua_flow_jobs', '')) as woken
where id = any(:ids::uuid[]) and lease = any(:leases::uuid[])

-- name: find_pending
-- scope: system queue
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
-- scope: system queue
-- Counts due jobs only: there may be a million reminders that are not due.
select (select count(*) from ops.job_queue where state = 'queued' and run_at <= :now) as due,
       (select count(*) from ops.job_queue where state = 'running' and lease_until > '-infinity')
         as running,
       (select count(*) from ops.job_queue where state = 'dead' and finished_at is not null)
         as dead,
       (select min(run_at) from ops.job_queue where state = 'queued' and run_at <= :now)
         as oldest_due

-- name: insert_due_days
-- scope: system queue
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
-- scope: system queue
-- The start of the day's next batch; an empty string for the first batch.
select coalesce(cursor, '') as cursor
from ops.schedule_runs
where kind = :kind and day = :day::date

-- name: store_cursor
-- scope: system queue
-- A null cursor marks the day as done.
update ops.schedule_runs
set cursor = :cursor::text,
    finished_at = case when :cursor::text is null then :now::timestamptz end
where kind = :kind and day = :day::date

-- name: list_dead
-- scope: system queue
-- Scans the index of dead jobs backwards.
select id, user_id, kind, job_key, attempts, finished_at, coalesce(last_error, '') as last_error
from ops.job_queue
where state = 'dead' and finished_at is not null
order by finished_at desc
limit :count

-- name: retry_dead
-- scope: system queue
-- Retries the newest dead job of each kind and key, or the given one, unless an unfinished job has
-- that key.
with newest as (
  select distinct on (kind, job_key) id, kind, job_key
  from ops.job_queue
  where state = 'dead' and finished_at is not null and (:id::uuid is null or id = :id::uuid)
  order by kind, job_key, finished_at desc
)
update ops.job_queue j
set state = 'queued', attempts = 0, run_at = :now, finished_at = null
from newest n, (select pg_notify('perpetua_flow_jobs', '')) as woken
where j.id = n.id
  and not exists (
    select from ops.job_queue u
    where u.kind = n.kind and u.job_key = n.job_key and u.state in ('queued', 'running')
  )

-- name: delete_finished
-- scope: system queue
-- Runs daily, in batches, for jobs that an earlier release has finished. Dead jobs stay until an
-- operator retries them.
delete from ops.job_queue
where id in (
  select id
  from ops.job_queue
  where state = 'done' and finished_at < :horizon::timestamptz
  order by finished_at
  limit :count
  for update skip locked
)
