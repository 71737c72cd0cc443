-- name: list_endpoints
-- In the order of their creation. One row with a null id if there are none.
select e.id, e.url, array_to_string(e.events, ',') as events, e.payload, e.filter, e.enabled,
       e.disabled_reason, e.failing_since, e.previous_until, e.created_at, e.updated_at
from auth.users u
left join activity.webhook_endpoints e on e.user_id = u.id
where u.id = :user_id
order by e.created_at, e.id

-- name: find_endpoint
select e.id, e.url, array_to_string(e.events, ',') as events, e.payload, e.filter, e.enabled,
       e.disabled_reason, e.failing_since, e.previous_until, e.created_at, e.updated_at
from activity.webhook_endpoints e
where e.user_id = :user_id and e.id = :id

-- name: find_endpoint_owner
-- Runs only if the user has no such endpoint: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (
         select from activity.webhook_endpoints where id = :id and user_id <> :user_id
       ) as elsewhere

-- name: insert_endpoint
-- Delivers what changes from now on: the owner's lock is held, so that no change of the user with a
-- lower number commits later.
insert into activity.webhook_endpoints
  (user_id, id, url, events, payload, filter, secret, position, created_at, updated_at)
select :user_id, :id, :url, :events::text[], :payload, :filter::text, :secret,
       coalesce((select max(c.seq) from activity.changes c where c.user_id = :user_id), 0),
       :now, :now

-- name: update_endpoint
update activity.webhook_endpoints
set url = :url, events = :events::text[], payload = :payload, filter = :filter::text, updated_at = :now
where user_id = :user_id and id = :id

-- name: enable
-- As insert_endpoint: delivers what changes from now on.
update activity.webhook_endpoints
set enabled = true, disabled_reason = null, failing_since = null, stalls = 0, paused_until = null,
    position = coalesce((select max(c.seq) from activity.changes c where c.user_id = :user_id), 0),
    updated_at = :now
where user_id = :user_id and id = :id

-- name: disable
update activity.webhook_endpoints
set enabled = false, disabled_reason = :reason, updated_at = :now
where user_id = :user_id and id = :id

-- name: cancel_deliveries
update activity.webhook_deliveries
set status = 'cancelled', next_attempt_at = null
where user_id = :user_id and endpoint_id = :endpoint_id and next_attempt_at is not null

-- name: resume
-- Of a new URL nothing is known yet.
update activity.webhook_endpoints
set failing_since = null, stalls = 0, paused_until = null
where user_id = :user_id and id = :id

-- name: rotate_secret
update activity.webhook_endpoints
set previous_secret = secret, previous_until = :previous_until::timestamptz, secret = :secret,
    updated_at = :now
where user_id = :user_id and id = :id

-- name: delete_endpoint
delete from activity.webhook_endpoints where user_id = :user_id and id = :id

-- name: mark_user
-- Whether the triggers look for endpoints at all.
update auth.users u
set webhooks = exists (
  select from activity.webhook_endpoints e where e.user_id = :user_id and e.enabled
)
where u.id = :user_id

-- name: find_target
-- What the job needs of an enabled endpoint. Deliveries are created only while fewer than :max are
-- pending; the others wait in the feed.
select e.id, e.url, array_to_string(e.events, ',') as events, e.payload, e.filter, e.secret,
       case when e.previous_until > :now then e.previous_secret end as previous_secret,
       e.position, e.failing_since, e.stalls, e.paused_until,
       (
         select count(*)
         from (
           select from activity.webhook_deliveries d
           where d.user_id = :user_id and d.endpoint_id = :id and d.next_attempt_at is not null
           limit :max
         ) pending
       ) >= :max as is_full
from activity.webhook_endpoints e
where e.user_id = :user_id and e.id = :id and e.enabled

-- name: find_changes
-- The number of the user's newest change, and the changes after an endpoint's position in the order
-- of the commits; one row with a null id if there are none. An insert has no former values; if the
-- change has no number, an update has none either.
select feed.newest, c.seq, c.entity_type, c.id, c.version, c.deleted, c.created_at, c.inserted,
       c.former_completed, c.former_fired
from auth.users u
cross join lateral (
  select coalesce((select max(m.seq) from activity.changes m where m.user_id = :user_id), 0) as newest
) feed
left join lateral (
  select r.seq, r.entity_type, r.entity_id as id, r.version, r.deleted, r.created_at,
         r.before is null and (r.change is not null or r.version is not distinct from 1) as inserted,
         r.before ->> 'completed' as former_completed, r.before ->> 'fired' as former_fired
  from activity.changes r
  where r.user_id = :user_id and r.seq > :after and r.shown
    and r.entity_type in ('task', 'template', 'note', 'reminder', 'list', 'label')
  order by r.seq
  limit :limit
) c on true
where u.id = :user_id
order by c.seq

-- name: move_position
update activity.webhook_endpoints
set position = :position
where user_id = :user_id and id = :id

-- name: insert_delivery
insert into activity.webhook_deliveries
  (user_id, id, endpoint_id, event, seq, body, remaining, next_attempt_at, created_at)
values (:user_id, :id, :endpoint_id, :event, :seq::bigint, :body, :remaining, :next_at, :now)

-- name: take_due
-- Until :until, no other run takes them.
update activity.webhook_deliveries d
set next_attempt_at = :until
where d.user_id = :user_id
  and d.id = any(array(
    select p.id
    from activity.webhook_deliveries p
    where p.user_id = :user_id and p.endpoint_id = :endpoint_id and p.next_attempt_at <= :now
    order by p.next_attempt_at
    limit :limit
  ))
returning d.id, d.body, d.remaining

-- name: return_unattempted
update activity.webhook_deliveries
set next_attempt_at = :now
where user_id = :user_id and id = any(:ids::uuid[]) and next_attempt_at is not null

-- name: wake
-- As the trigger of migration V29 does.
select activity.wake_webhook(:user_id, :id, :run_at, :now) as woken

-- name: record_delivered
update activity.webhook_deliveries
set status = 'delivered', next_attempt_at = null, attempts = attempts + 1, attempted_at = :at,
    duration_ms = :duration_ms, answer_status = :answer_status, answer = :answer, error = null
where user_id = :user_id and id = :id and next_attempt_at is not null

-- name: record_failed
-- A null time of the next attempt means that this was the last one.
update activity.webhook_deliveries
set status = case when :next_at::timestamptz is null then 'failed' else 'pending' end,
    next_attempt_at = :next_at::timestamptz, remaining = :remaining, attempts = attempts + 1,
    attempted_at = :at, duration_ms = :duration_ms, answer_status = :answer_status::int,
    answer = :answer::text, error = :error
where user_id = :user_id and id = :id and next_attempt_at is not null

-- name: record_run
-- What the attempts say about the endpoint.
update activity.webhook_endpoints
set failing_since = :failing_since::timestamptz, stalls = :stalls,
    paused_until = :paused_until::timestamptz
where user_id = :user_id and id = :id

-- name: find_next
-- When the job has to run again for other deliveries than these, or for new changes; no row if it
-- has not.
select n.next_at
from (
  select least(
    (
      select d.next_attempt_at
      from activity.webhook_deliveries d
      where d.user_id = :user_id and d.endpoint_id = :endpoint_id
        and d.next_attempt_at is not null and d.id <> all(:attempted::uuid[])
      order by d.next_attempt_at
      limit 1
    ),
    case when not :is_full and exists (
      select
      from activity.changes c
      where c.user_id = :user_id and c.seq > :position and c.shown
        and c.entity_type in ('task', 'template', 'note', 'reminder', 'list', 'label')
    ) then :now::timestamptz end
  ) as next_at
) n
where n.next_at is not null

-- name: list_deliveries
-- Newest first. One row with a null id if there are none.
select case when :counted then (
         select count(*)::int
         from activity.webhook_deliveries c
         where c.user_id = :user_id and c.endpoint_id = :endpoint_id
       ) end as total,
       d.id, d.event, d.seq, d.status, d.attempts, d.next_attempt_at, d.attempted_at,
       d.duration_ms, d.answer_status, d.answer, d.error, d.created_at,
       d.created_at::text as sort_key
from auth.users a
left join lateral (
  select r.id, r.event, r.seq, r.status, r.attempts, r.next_attempt_at, r.attempted_at,
         r.duration_ms, r.answer_status, r.answer, r.error, r.created_at
  from activity.webhook_deliveries r
  where r.user_id = :user_id and r.endpoint_id = :endpoint_id
    and (r.created_at, r.id) < (:after_key::timestamptz, :after_id)
  order by r.created_at desc, r.id desc
  limit :limit offset :offset
) d on true
where a.id = :user_id
order by d.created_at desc, d.id desc

-- name: redeliver
-- The same id and body again, with all attempts. Returns no row if there is no such delivery.
update activity.webhook_deliveries
set status = 'pending', remaining = :remaining, next_attempt_at = :now
where user_id = :user_id and endpoint_id = :endpoint_id and id = :id
returning id, event, seq, status, attempts, next_attempt_at, attempted_at, duration_ms,
          answer_status, answer, error, created_at

-- name: delete_expired
-- scope: system fan-out
-- Runs daily, in batches. Pending ones end within days.
delete from activity.webhook_deliveries d
using (
  select o.user_id, o.id
  from activity.webhook_deliveries o
  where o.created_at < :horizon::timestamptz and o.next_attempt_at is null
  order by o.created_at
  limit :count
) expired
where d.user_id = expired.user_id and d.id = expired.id

-- name: wake_idle
-- scope: system fan-out
-- Runs daily: endpoints with work but without a job, because an older release or a script made the
-- change, or because the job died. The comparison of the id is always true; it makes the partial
-- index usable.
insert into ops.job_queue (id, user_id, kind, job_key, run_at, created_at)
select gen_random_uuid(), e.user_id, 'webhook_deliver', e.id || ':0', :now, :now
from activity.webhook_endpoints e
where e.enabled and e.id > '00000000-0000-0000-0000-000000000000'
  and (
    exists (
      select from activity.webhook_deliveries d
      where d.user_id = e.user_id and d.endpoint_id = e.id and d.next_attempt_at is not null
    )
    or exists (
      select from activity.changes c
      where c.user_id = e.user_id and c.seq > e.position and c.shown
        and c.entity_type in ('task', 'template', 'note', 'reminder', 'list', 'label')
    )
  )
  and not exists (
    select from ops.job_queue q
    where q.kind = 'webhook_deliver' and q.job_key = e.id || ':0' and q.state in ('queued', 'running')
  )
order by e.id
limit :count
on conflict (kind, job_key) where state in ('queued', 'running') do nothing
