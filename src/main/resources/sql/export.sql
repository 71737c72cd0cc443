-- name: page_tasks
-- Each row is JSON in the form of the contract, so the service copies it to the response unparsed.
-- Instants are formatted explicitly, because a cast would use the session's time zone.
select t.id::text as cursor,
       json_build_object(
         'id', t.id,
         'user_id', t.user_id,
         'template_id', t.template_id,
         'occurrence_at', to_char(t.occurrence_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'list_id', t.list_id,
         'position', coalesce(t.position,
           lpad(to_hex((extract(epoch from t.created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V'),
         'label_ids', t.label_ids,
         'title', t.title,
         'description', t.description,
         'priority', t.priority,
         'due_date', to_char(t.due_date at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'due_on', t.due_on,
         'start_on', t.start_on,
         'estimated_duration', t.estimated_duration,
         'focus_time_seconds', t.focus_time_seconds,
         'completed', t.completed,
         'completed_at', to_char(t.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'completed_by', t.completed_by,
         'hidden', t.hidden,
         'archived', t.archived,
         'skipped_at', to_char(t.skipped_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'subtask_count', t.subtask_count,
         'subtask_completed_count', t.subtask_completed_count,
         'version', t.version,
         'created_at', to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(t.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'subtasks', coalesce((
           select json_agg(json_build_object(
             'id', s.id,
             'task_id', s.task_id,
             'title', s.title,
             'completed', s.completed,
             'completed_at', to_char(s.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'order_index', s.order_index,
             'source', s.source,
             'version', s.version,
             'created_at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'updated_at', to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by s.order_index)
           from tasks.subtasks s where s.user_id = t.user_id and s.task_id = t.id), '[]'),
         'reminders', coalesce((
           select json_agg(json_build_object(
             'id', r.id,
             'task_id', r.task_id,
             'user_id', r.user_id,
             'type', r.type,
             'offset_minutes', r.offset_minutes,
             'scheduled_at', to_char(r.scheduled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'method', r.method,
             'fired', r.fired,
             'fired_at', to_char(r.fired_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'version', r.version,
             'created_at', to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'updated_at', to_char(r.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by r.scheduled_at, r.id)
           from tasks.reminders r where r.user_id = t.user_id and r.task_id = t.id), '[]')) as json
from tasks.task_instances t
where t.user_id = :user_id and t.id > (:after::text)::uuid
order by t.id
limit :page

-- name: page_templates
select t.id::text as cursor,
       json_build_object(
         'id', t.id,
         'user_id', t.user_id,
         'title', t.title,
         'description', t.description,
         'priority', t.priority,
         'estimated_duration', t.estimated_duration,
         'list_id', t.list_id,
         'label_ids', t.label_ids,
         'rrule', t.rrule,
         'timezone', t.timezone,
         'anchor', t.anchor,
         'all_day', t.all_day,
         'starts_at', to_char(t.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'next_due', to_char(t.next_due at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'active', t.active,
         'created', t.created,
         'deleted_parts', t.deleted_parts,
         'version', t.version,
         'created_at', to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(t.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from tasks.task_templates t
where t.user_id = :user_id and t.id > (:after::text)::uuid
order by t.id
limit :page

-- name: page_lists
select l.id::text as cursor,
       json_build_object(
         'id', l.id,
         'user_id', l.user_id,
         'name', l.name,
         'position', l.position,
         'archived', l.archived,
         'version', l.version,
         'created_at', to_char(l.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(l.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from tasks.lists l
where l.user_id = :user_id and l.id > (:after::text)::uuid
order by l.id
limit :page

-- name: page_labels
select l.id::text as cursor,
       json_build_object(
         'id', l.id,
         'user_id', l.user_id,
         'name', l.name,
         'colour', l.colour,
         'version', l.version,
         'created_at', to_char(l.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(l.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from tasks.labels l
where l.user_id = :user_id and l.id > (:after::text)::uuid
order by l.id
limit :page

-- name: page_filters
select f.id::text as cursor,
       json_build_object(
         'id', f.id,
         'user_id', f.user_id,
         'name', f.name,
         'query', f.query,
         'position', f.position,
         'version', f.version,
         'created_at', to_char(f.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(f.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from tasks.filters f
where f.user_id = :user_id and f.id > (:after::text)::uuid
order by f.id
limit :page

-- name: page_notes
select n.id::text as cursor,
       json_build_object(
         'id', n.id,
         'user_id', n.user_id,
         'content', n.content,
         'archived', n.archived,
         'voice_url', n.voice_url,
         'voice_duration_seconds', n.voice_duration_seconds,
         'transcription_status', n.transcription_status,
         'converted_at', to_char(n.converted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'version', n.version,
         'created_at', to_char(n.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(n.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from notes.notes n
where n.user_id = :user_id and n.id > (:after::text)::uuid
order by n.id
limit :page

-- name: page_reminders
select r.id::text as cursor,
       json_build_object(
         'id', r.id,
         'task_id', r.task_id,
         'user_id', r.user_id,
         'type', r.type,
         'offset_minutes', r.offset_minutes,
         'scheduled_at', to_char(r.scheduled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'method', r.method,
         'fired', r.fired,
         'fired_at', to_char(r.fired_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'version', r.version,
         'created_at', to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(r.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from tasks.reminders r
where r.user_id = :user_id and r.id > (:after::text)::uuid
order by r.id
limit :page

-- name: page_focus_sessions
select f.id::text as cursor,
       json_build_object(
         'id', f.id,
         'task_id', f.task_id,
         'started_at', to_char(f.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'ended_at', to_char(f.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'duration_seconds', f.duration_seconds) as json
from tasks.focus_sessions f
where f.user_id = :user_id and f.id > (:after::text)::uuid
order by f.id
limit :page

-- name: page_voice_sessions
select v.id::text as cursor,
       json_build_object(
         'id', v.id,
         'started_at', to_char(v.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'ended_at', to_char(v.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'end_reason', v.end_reason,
         'duration_seconds', v.duration_seconds,
         'credits_used', v.credits_used,
         'full_transcript', v.full_transcript) as json
from notes.voice_sessions v
where v.user_id = :user_id and v.id > (:after::text)::uuid
order by v.id
limit :page

-- name: page_suggestions
select s.id::text as cursor,
       json_build_object(
         'id', s.id,
         'action_type', s.action_type,
         'task_id', s.task_id,
         'note_id', s.note_id,
         'description', s.description,
         'data', s.data,
         'status', s.status,
         'expires_at', to_char(s.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'confirmed_at', to_char(s.confirmed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'created_at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from activity.ai_suggestions s
where s.user_id = :user_id and s.id > (:after::text)::uuid
order by s.id
limit :page

-- name: page_notifications
select n.id::text as cursor,
       json_build_object(
         'id', n.id,
         'user_id', n.user_id,
         'type', n.type,
         'title', n.title,
         'body', n.body,
         'action_url', n.action_url,
         'task_id', n.task_id,
         'read', n.read,
         'read_at', to_char(n.read_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'created_at', to_char(n.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(n.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from activity.notifications n
where n.user_id = :user_id and n.id > (:after::text)::uuid
order by n.id
limit :page

-- name: page_push_subscriptions
-- Without the keys, which are secrets of the browser.
select p.id::text as cursor,
       json_build_object(
         'id', p.id,
         'endpoint', p.endpoint,
         'created_at', to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(p.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from activity.push_subscriptions p
where p.user_id = :user_id and p.id > (:after::text)::uuid
order by p.id
limit :page

-- name: page_webhook_endpoints
-- Without the secrets, which would let others forge messages.
select e.id::text as cursor,
       json_build_object(
         'id', e.id,
         'url', e.url,
         'events', e.events,
         'payload', e.payload,
         'filter', e.filter,
         'enabled', e.enabled,
         'disabled_reason', e.disabled_reason,
         'created_at', to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(e.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from activity.webhook_endpoints e
where e.user_id = :user_id and e.id > (:after::text)::uuid
order by e.id
limit :page

-- name: page_webhook_deliveries
select d.id::text as cursor,
       json_build_object(
         'id', d.id,
         'endpoint_id', d.endpoint_id,
         'event', d.event,
         'seq', d.seq,
         'body', d.body,
         'status', d.status,
         'attempts', d.attempts,
         'attempted_at', to_char(d.attempted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'duration_ms', d.duration_ms,
         'answer_status', d.answer_status,
         'answer', d.answer,
         'error', d.error,
         'created_at', to_char(d.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from activity.webhook_deliveries d
where d.user_id = :user_id and d.id > (:after::text)::uuid
order by d.id
limit :page

-- name: page_access_tokens
-- Without their hashes.
select t.id::text as cursor,
       json_build_object(
         'id', t.id,
         'name', t.name,
         'scopes', string_to_array(t.scopes, ' '),
         'created_at', to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'expires_at', to_char(t.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'last_used_at', to_char(t.last_used_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from auth.personal_tokens t
where t.user_id = :user_id and t.id > (:after::text)::uuid
order by t.id
limit :page

-- name: page_calendar_feeds
-- Without the hashes of their tokens.
select f.id::text as cursor,
       json_build_object(
         'id', f.id,
         'name', f.name,
         'kind', f.kind,
         'priority', f.priority,
         'template_id', f.template_id,
         'filter', f.filter,
         'filter_id', f.filter_id,
         'last_read_at', to_char(f.last_read_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'created_at', to_char(f.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from tasks.calendar_feeds f
where f.user_id = :user_id and f.id > (:after::text)::uuid
order by f.id
limit :page

-- name: page_purchases
select p.id::text as cursor,
       json_build_object(
         'id', p.id,
         'kind', p.kind,
         'credits', p.credits,
         'amount_cents', p.amount_cents,
         'currency', p.currency,
         'status', p.status,
         'created_at', to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(p.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from billing.purchases p
where p.user_id = :user_id and p.id > (:after::text)::uuid
order by p.id
limit :page

-- name: page_payment_events
select p.id::text as cursor,
       json_build_object(
         'id', p.id,
         'type', p.type,
         'event_at', to_char(p.event_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'status', p.status,
         'received_at', to_char(p.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from billing.payment_events p
where p.user_id = :user_id and p.id > (:after::text)::uuid
order by p.id
limit :page

-- name: page_sessions
-- One entry per sign-in, with the data of its newest token and without hashes.
select s.family::text as cursor,
       json_build_object(
         'id', s.family,
         'created_at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'expires_at', to_char(s.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'revoked_at', to_char(s.revoked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'reason', s.reason,
         'device_info', s.device_info,
         'device_id', s.device_id,
         'device_name', s.device_name,
         'address', s.address,
         'started_at', to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from (
  select distinct on (family) family, created_at, expires_at, revoked_at, reason, device_info,
         device_id, device_name, address, coalesce(started_at, created_at) as started_at
  from auth.refresh_tokens
  where user_id = :user_id and family > (:after::text)::uuid
  order by family, seq desc
) s
order by s.family
limit :page

-- name: page_activity
-- Oldest first, by primary key. The cursor is time and id; comparing the time alone, too, skips the
-- partitions before it.
select a.created_at::text || '/' || a.id as cursor,
       json_build_object(
         'id', a.id,
         'user_id', a.user_id,
         'entity_type', a.entity_type,
         'entity_id', a.entity_id,
         'action', a.action,
         'source', a.source,
         'metadata', a.metadata,
         'request_id', a.request_id,
         'created_at', to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from activity.activity_logs a
where a.user_id = :user_id
  and a.created_at >= split_part(:after, '/', 1)::timestamptz
  and (a.created_at, a.id)
    > (split_part(:after, '/', 1)::timestamptz, split_part(:after, '/', 2)::uuid)
order by a.created_at, a.id
limit :page

-- name: page_tombstones
select d.id::text as cursor,
       json_build_object(
         'id', d.id,
         'entity_type', d.entity_type,
         'entity_id', d.entity_id,
         'preview', json_build_object('title', d.title),
         'snapshot', d.snapshot,
         'deleted_at', to_char(d.deleted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'recoverable_until', to_char(d.recoverable_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from tasks.deletion_tombstones d
where d.user_id = :user_id and d.id > (:after::text)::uuid
order by d.id
limit :page

-- name: page_grants
select g.id::text as cursor,
       json_build_object(
         'id', g.id,
         'credit_type', g.credit_type,
         'amount', g.amount,
         'remaining', g.remaining,
         'spent', g.spent,
         'expired', g.expired,
         'expires_at', to_char(g.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'created_at', to_char(g.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from billing.ai_credit_grants g
where g.user_id = :user_id and g.id > (:after::text)::uuid
order by g.id
limit :page

-- name: page_ledger
-- In the order of the entries.
select l.seq::text as cursor,
       json_build_object(
         'id', l.id,
         'user_id', l.user_id,
         'credit_type', l.credit_type,
         'operation', l.operation,
         'amount', l.amount,
         'balance_after', l.balance_after,
         'operation_ref', l.operation_ref,
         'description', l.description,
         'expires_at', to_char(l.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'created_at', to_char(l.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from billing.ai_credit_ledger l
where l.user_id = :user_id and l.seq > (:after::text)::bigint
order by l.seq
limit :page

-- name: find_balance
select json_build_object(
         'daily', coalesce(sum(g.remaining) filter (where g.credit_type = 'daily'), 0),
         'subscription', coalesce(sum(g.remaining) filter (where g.credit_type = 'subscription'), 0),
         'purchased', coalesce(sum(g.remaining) filter (where g.credit_type = 'purchased'), 0),
         'kickstart', coalesce(sum(g.remaining) filter (where g.credit_type = 'kickstart'), 0),
         'total', coalesce(sum(g.remaining), 0)) as json
from billing.ai_credit_grants g
where g.user_id = :user_id and g.remaining > 0 and (g.expires_at is null or g.expires_at > :now)

-- name: find_achievements
select json_build_object(
         'stats', json_build_object(
           'lifetime_tasks_completed', a.lifetime_tasks_completed,
           'current_streak', case
             -- A process of the release before this one does not set kept_until.
             when greatest(a.kept_until, a.last_completion_date + 1) >= coalesce(
               (:now::timestamptz at time zone z.zone)::date, (:now::timestamptz at time zone 'UTC')::date)
               then a.latest_streak
             else 0
           end,
           'longest_streak', a.longest_streak,
           'focus_completions', a.focus_completions,
           'notes_converted', a.notes_converted),
         'unlocked', coalesce((
           select json_agg(json_build_object(
             'id', u.achievement_id,
             'unlocked_at', to_char(u.unlocked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by u.unlocked_at, u.achievement_id)
           from achievements.unlocks u where u.user_id = a.user_id), '[]'),
         'streak', json_build_object(
           'streak_day', coalesce(t.streak_day, 'utc'),
           'rest_weekdays', coalesce(t.rest_days, '[]'),
           'pauses', coalesce((
             select json_agg(json_build_object('id', p.id, 'from', p.first_day, 'to', p.last_day) order by p.first_day, p.id)
             from achievements.streak_pauses p where p.user_id = u.id), '[]'),
           'zones', coalesce((
             select json_agg(json_build_object(
               'since', to_char(o.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'zone', o.zone) order by o.since)
             from achievements.streak_zones o where o.user_id = u.id), '[]'),
           'completed_days', coalesce((
             select json_agg(json_build_object('from', lower(r), 'to', upper(r) - 1) order by r)
             from unnest(a.days) as r), '[]'),
           'freezes_used_on', coalesce((
             select json_agg(d::date order by d)
             from unnest(a.frozen) as r, generate_series(lower(r), upper(r) - 1, interval '1 day') as d), '[]'))) as json
from auth.users u
left join achievements.user_achievement_states a on a.user_id = u.id
left join achievements.streak_settings t on t.user_id = u.id
left join lateral (
  select o.zone from achievements.streak_zones o
  where o.user_id = u.id order by o.since desc limit 1
) latest on true
-- The service may know zones that PostgreSQL does not.
left join lateral (
  select n.name as zone from pg_catalog.pg_timezone_names n where n.name = latest.zone
) z on true
where u.id = :user_id and (a.user_id is not null or t.user_id is not null)

-- name: find_subscription
select json_build_object(
         'id', s.id,
         'status', s.status,
         'current_period_start', to_char(s.current_period_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'current_period_end', to_char(s.current_period_end at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'grace_period_end', to_char(s.grace_period_end at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'cancelled_at', to_char(s.cancelled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'created_at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'updated_at', to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from billing.subscriptions s
where s.user_id = :user_id

-- name: page_imports
select i.id::text as cursor,
       json_build_object(
         'id', i.id,
         'source', i.source,
         'dry_run', i.dry_run,
         'state', i.state,
         'file_bytes', i.file_bytes,
         'taken', i.taken,
         'changed', i.changed,
         'left', i.left_out,
         'created_at', to_char(i.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'finished_at', to_char(i.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as json
from tasks.imports i
where i.user_id = :user_id and i.id > (:after::text)::uuid
order by i.id
limit :page
