-- What holds over several rows and so cannot be a constraint: each query returns the rows that violate
-- its invariant, ids and figures only. The tests run them after each scenario, an operator with
-- deploy/restore-drill. They only read and need no index, so run them on a copy rather than on a busy
-- server. "scope: live" marks what holds only while workers are running, not in a restored copy.

-- name: open_tasks_counter
-- The limit is checked against the counter, so the counter must be exact.
select u.id as user_id, u.open_tasks as counter, count(t.id) as counted
from auth.users u
left join tasks.task_instances t on t.user_id = u.id and not t.completed and not t.hidden and not t.archived
group by u.id
having u.open_tasks <> count(t.id);

-- name: shown_tasks_counter
-- The total of most lists is this counter, which triggers maintain.
select u.id as user_id, u.shown_tasks as counter, count(t.id) as counted
from auth.users u
left join tasks.task_instances t on t.user_id = u.id and not t.hidden and not t.archived
group by u.id
having u.shown_tasks <> count(t.id);

-- name: notes_counter
-- As above; archived notes do not count.
select u.id as user_id, u.notes as counter, count(n.id) as counted
from auth.users u
left join notes.notes n on n.user_id = u.id and not n.archived
group by u.id
having u.notes <> count(n.id);

-- name: webhooks_marked
-- Triggers look for webhook endpoints only if the user is marked.
select u.id as user_id, u.webhooks as marked
from auth.users u
where u.webhooks <> exists (
  select from activity.webhook_endpoints e where e.user_id = u.id and e.enabled
);

-- name: note_converts_once
-- A note becomes at most one task, whatever happens to it between two conversions, unless its conversion was undone.
select l.user_id, l.entity_id as note_id, count(*) as conversions
from activity.activity_logs l
where l.action = 'note_converted'
group by l.user_id, l.entity_id
having count(*) > 1 + (
  select count(*) from activity.activity_logs u where u.user_id = l.user_id and u.action in ('ai_undone', 'note_undone'));

-- name: subtask_counters
-- The counters identify the last open subtask; a wrong one completes the task too early or never.
select t.user_id, t.id as task_id, t.subtask_count, count(s.id) as counted,
       t.subtask_completed_count, count(s.id) filter (where s.completed) as counted_completed
from tasks.task_instances t
left join tasks.subtasks s on s.user_id = t.user_id and s.task_id = t.id
group by t.user_id, t.id
having t.subtask_count <> count(s.id) or t.subtask_completed_count <> count(s.id) filter (where s.completed);

-- name: subtask_order_gapless
-- A constraint keeps positions unique and not negative; then highest + 1 = count means no gaps.
select user_id, task_id, count(*) as subtasks, max(order_index) as highest
from tasks.subtasks
group by user_id, task_id
having max(order_index) + 1 <> count(*) or count(distinct order_index) <> count(*);

-- name: task_count_matches_activity
-- No task is lost or duplicated: created + imported + recovered = existing + deleted, those of deleted and
-- recovered lists included. Only for users whose
-- first entry is still in the log, because old partitions are dropped, and who have undone nothing: undo
-- has one entry, whatever it removes and restores. An import has one entry as well, and counts its tasks.
select u.id as user_id, l.created, i.imported, l.recovered, l.deleted, t.live
from auth.users u
join lateral (
  select count(*) filter (where action = 'user_registered') as registered,
         count(*) filter (where action = 'task_created') as created,
         count(*) filter (where action = 'task_recovered')
           + coalesce(sum((metadata ->> 'count')::int) filter (where action = 'list_recovered'), 0) as recovered,
         count(*) filter (where action = 'task_deleted')
           + coalesce(sum((metadata ->> 'count')::int)
               filter (where action = 'list_deleted' and metadata ->> 'tombstone_id' is not null), 0) as deleted,
         count(*) filter (where action like '%\_undone') as undone
  from activity.activity_logs where user_id = u.id
) l on l.registered > 0 and l.undone = 0
cross join lateral (select count(*) as live from tasks.task_instances where user_id = u.id) t
cross join lateral (
  select coalesce(sum(tasks_added), 0) as imported
  from tasks.imports where user_id = u.id and not dry_run
) i
where l.created + i.imported + l.recovered <> t.live + l.deleted;

-- name: active_template_has_instance_or_job
-- An active template has an instance that is neither completed nor skipped, or a job (possibly dead)
-- that creates one.
select p.user_id, p.id as template_id
from tasks.task_templates p
where p.active
  and not exists (
    select from tasks.task_instances t
    where t.user_id = p.user_id and t.template_id = p.id and not t.completed
      and t.skipped_at is null)
  and not exists (
    select from ops.job_queue j
    where j.user_id = p.user_id and j.kind = 'recurring_task_generate' and j.job_key = p.id::text
      and j.state in ('queued', 'running', 'dead'));

-- name: at_most_three_tombstones
-- A constraint cannot count rows; the deletion keeps the newest three under the owner's lock. Raise
-- the number with TOMBSTONES_KEPT.
select user_id, count(*) as tombstones
from tasks.deletion_tombstones
group by user_id
having count(*) > 3;

-- name: tombstone_has_no_live_entity
-- Recovery deletes the tombstone; if both exist, a deletion can be undone twice.
select d.user_id, d.id as tombstone_id, d.entity_id
from tasks.deletion_tombstones d
where (d.entity_type = 'task' and exists (
        select from tasks.task_instances t where t.user_id = d.user_id and t.id = d.entity_id))
   or (d.entity_type = 'note' and exists (
        select from notes.notes n where n.user_id = d.user_id and n.id = d.entity_id));

-- name: newest_change_is_the_present_state
-- What clients synchronize with: the newest recorded change of an entity has its present version, or
-- the entity was deleted.
with newest as (
  select distinct on (user_id, entity_type, entity_id) user_id, entity_type, entity_id, version,
         deleted
  from activity.changes
  where entity_type in ('task', 'template', 'note', 'reminder', 'list', 'label', 'filter', 'notification')
  order by user_id, entity_type, entity_id, seq desc
),
present as (
  select user_id, 'task' as entity_type, id, version from tasks.task_instances
  union all
  select user_id, 'template', id, version from tasks.task_templates
  union all
  select user_id, 'note', id, version from notes.notes
  union all
  select user_id, 'reminder', id, version from tasks.reminders
  union all
  select user_id, 'list', id, version from tasks.lists
  union all
  select user_id, 'label', id, version from tasks.labels
  union all
  select user_id, 'filter', id, version from tasks.filters
  union all
  select user_id, 'notification', id, null from activity.notifications
)
select n.user_id, n.entity_type, n.entity_id, n.version, n.deleted, p.version as present_version
from newest n
left join present p
  on p.user_id = n.user_id and p.entity_type = n.entity_type and p.id = n.entity_id
where n.deleted = (p.id is not null) or n.version is distinct from p.version;

-- name: labels_of_tasks_exist
-- What triggers ensure in place of a foreign key.
select o.user_id, o.id, given.id as label_id
from (
  select user_id, id, label_ids from tasks.task_instances where label_ids <> '{}'
  union all
  select user_id, id, label_ids from tasks.task_templates where label_ids <> '{}'
) o
cross join unnest(o.label_ids) as given (id)
where not exists (select from tasks.labels l where l.user_id = o.user_id and l.id = given.id);

-- name: one_active_refresh_token_per_device
-- A new sign-in replaces the session of its device, or the one without a device.
select user_id, device_id, count(*) as active
from auth.refresh_tokens
where rotated_at is null and revoked_at is null
group by user_id, device_id
having count(*) > 1;

-- name: ten_sessions_at_most
-- A sign-in above the limit ends the session that was used least recently.
select user_id, count(*) as sessions
from auth.refresh_tokens
where rotated_at is null and revoked_at is null
group by user_id
having count(*) > 10;

-- name: tokens_of_a_session_have_one_device
-- A rotation copies the device.
select user_id, family
from auth.refresh_tokens
group by user_id, family
having count(distinct device_id) > 1 or count(device_id) not in (0, count(*));

-- name: revoked_family_has_no_active_token
-- Theft revokes the whole family.
select t.user_id, t.family, t.seq
from auth.refresh_tokens t
where t.rotated_at is null and t.revoked_at is null
  and exists (
    select from auth.refresh_tokens r where r.user_id = t.user_id and r.family = t.family and r.reason = 'theft');

-- name: grant_amounts_add_up
-- The amount of a grant is the sum of what remains, was spent and has expired.
select user_id, id as grant_id, amount, remaining, spent, expired
from billing.ai_credit_grants
where amount <> remaining + spent + expired;

-- name: grant_matches_ledger
-- The ledger entries of a grant begin with its amount and add up to what remains; between them are
-- the spends minus the refunds.
with movements as (
  select user_id, grant_id, operation, amount,
         row_number() over (partition by user_id, grant_id order by seq) = 1 as opening
  from billing.ai_credit_ledger
), entries as (
  select user_id, grant_id,
         sum(amount) filter (where opening) as amount,
         sum(amount) as remaining,
         coalesce(-sum(amount) filter (where not opening and operation in ('consume', 'refund')), 0) as spent
  from movements
  group by user_id, grant_id
)
select g.user_id, g.id as grant_id, g.amount, entries.amount as ledger_amount, g.remaining, entries.remaining as ledger_remaining,
       g.spent, entries.spent as ledger_spent
from billing.ai_credit_grants g
left join entries on entries.user_id = g.user_id and entries.grant_id = g.id
where (g.amount, g.remaining, g.spent) is distinct from (entries.amount, entries.remaining, entries.spent);

-- name: ledger_balances_are_consecutive
-- Each balance follows from the previous one; concurrent spends without a lock would break the chain.
select user_id, seq, amount, balance_after, previous
from (
  select user_id, seq, amount, balance_after,
         lag(balance_after, 1, 0) over (partition by user_id order by seq) as previous
  from billing.ai_credit_ledger
) chain
where balance_after <> previous + amount;

-- name: ledger_entry_has_type_of_grant
-- The history shows a movement with the type of the grant that it moved.
select l.user_id, l.seq, l.credit_type, g.credit_type as grant_type
from billing.ai_credit_ledger l
join billing.ai_credit_grants g on g.user_id = l.user_id and g.id = l.grant_id
where l.credit_type <> g.credit_type;

-- name: refund_within_charge
-- A charge is refunded at most once in full, also where part of it comes back in another grant.
select user_id, operation_ref, -sum(amount) filter (where operation = 'consume') as charged,
       sum(amount) filter (where operation = 'refund') as refunded
from billing.ai_credit_ledger
where operation in ('consume', 'refund') and operation_ref is not null
group by user_id, operation_ref
having sum(amount) > 0;

-- name: ledger_sequence_is_ahead
-- Otherwise the next movement gets the number of an existing one, as after a restore that lost the
-- position of the sequence.
select q.last_value, l.highest
from billing.ai_credit_ledger_seq_seq q
cross join (select max(seq) as highest from billing.ai_credit_ledger) l
where l.highest > q.last_value;

-- name: expired_credits_not_spent
-- No credit is spent after its grant has expired.
select l.user_id, l.seq, l.grant_id, l.created_at, g.expires_at
from billing.ai_credit_ledger l
join billing.ai_credit_grants g on g.user_id = l.user_id and g.id = l.grant_id
where l.operation = 'consume' and l.created_at >= g.expires_at;

-- name: captured_purchase_granted_once
-- A captured purchase has its credits, and any other has none, whatever webhooks arrived.
select p.user_id, p.id as purchase_id, p.credits, g.amount as granted
from billing.purchases p
left join billing.ai_credit_grants g on g.user_id = p.user_id and g.purchase_id = p.id
where p.kind = 'credits' and p.user_id is not null
  and ((p.status = 'captured' and g.amount is distinct from p.credits)
    or (p.status in ('open', 'declined', 'voided', 'expired') and g.id is not null));

-- name: paid_month_is_credited
-- The credits of a paid month are granted, or a job grants them when the month begins.
select p.user_id, p.id as purchase_id, p.month_start
from billing.purchases p
where p.user_id is not null and p.month_start is not null and p.revoked_at is null and p.credited_at is null
  and not exists (
    select from ops.job_queue j
    where j.user_id = p.user_id and j.kind = 'subscription_month' and j.job_key = p.id::text
      and j.state in ('queued', 'running', 'dead'));

-- name: payment_events_belong_to_the_orders_user
-- Of a deleted account neither an id nor a body is left, also in events that arrived later.
select e.id, e.user_id, p.user_id as payer
from billing.payment_events e
join billing.purchases p on p.id = e.order_id
where e.user_id is distinct from p.user_id or (p.user_id is null and e.body is not null);

-- name: received_event_has_job
-- An event that could not be applied on arrival has a job that applies it, possibly a dead one.
select e.id, e.type, e.received_at
from billing.payment_events e
where e.status = 'received'
  and not exists (
    select from ops.job_queue j
    where j.kind = 'webhook_apply' and j.job_key = e.id::text and j.state in ('queued', 'running', 'dead'));

-- name: tier_matches_subscription
-- A subscription gives Pro until it has expired.
select u.id as user_id, u.tier, s.status
from auth.users u
join billing.subscriptions s on s.user_id = u.id
where (u.tier = 'pro') <> (s.status <> 'expired');

-- name: perks_match_unlocks
-- Limits are read from the user's row, whose perks must be the sum over the unlocked achievements.
select u.id as user_id, u.perk_tasks, u.perk_notes, u.perk_daily_credits
from auth.users u
left join achievements.unlocks k on k.user_id = u.id
left join achievements.achievement_definitions d on d.id = k.achievement_id
group by u.id
having u.perk_tasks <> coalesce(sum(d.perk_value) filter (where d.perk_type = 'max_tasks'), 0)
    or u.perk_notes <> coalesce(sum(d.perk_value) filter (where d.perk_type = 'max_notes'), 0)
    or u.perk_daily_credits <> coalesce(sum(d.perk_value) filter (where d.perk_type = 'daily_credits'), 0);

-- name: unlocks_match_thresholds
-- An achievement is unlocked if and only if its threshold is reached.
select s.user_id, d.id as achievement_id, k.unlocked_at
from achievements.user_achievement_states s
cross join achievements.achievement_definitions d
left join achievements.unlocks k on k.user_id = s.user_id and k.achievement_id = d.id
where (k.achievement_id is not null) <> (d.threshold <= case d.category
         when 'tasks' then s.lifetime_tasks_completed
         when 'streaks' then s.longest_streak
         when 'focus' then s.focus_completions
         when 'notes' then s.notes_converted
       end);

-- name: unlock_has_state
-- The query above starts from the states, so an unlock without one would escape it.
select k.user_id, k.achievement_id
from achievements.unlocks k
where not exists (select from achievements.user_achievement_states s where s.user_id = k.user_id);

-- name: unlock_has_notification_and_entry
-- An unlock has a notification, possibly deleted, and at most one activity entry, unless an undo has locked it again.
select k.user_id, k.achievement_id,
       (select count(*) from activity.activity_logs l
        where l.user_id = k.user_id and l.action = 'achievement_unlocked' and l.metadata ->> 'achievement_id' = k.achievement_id) as entries
from achievements.unlocks k
join achievements.user_achievement_states s on s.user_id = k.user_id
where not exists (
    select from activity.notifications n
    where n.user_id = k.user_id and n.dedup_key = 'achievement:' || k.achievement_id
    union all
    select from activity.notification_keys n
    where n.user_id = k.user_id and n.dedup_key = 'achievement:' || k.achievement_id)
  or (select count(*) from activity.activity_logs l
      where l.user_id = k.user_id and l.action = 'achievement_unlocked' and l.metadata ->> 'achievement_id' = k.achievement_id)
    > 1 + (select count(*) from activity.activity_logs u where u.user_id = k.user_id and u.action like '%\_undone');

-- name: counted_tasks_are_in_total
-- The total includes all counted tasks unless a retry job is pending. Deleted tasks remain in the
-- total, so it may be higher.
select s.user_id, s.lifetime_tasks_completed, count(t.id) as counted
from achievements.user_achievement_states s
join tasks.task_instances t on t.user_id = s.user_id and t.counted_at is not null
where not exists (
    select from ops.job_queue h where h.user_id = s.user_id and h.kind = 'handler_retry' and h.state <> 'done')
group by s.user_id, s.lifetime_tasks_completed
having s.lifetime_tasks_completed < count(t.id);

-- name: no_job_past_two_leases
-- scope: live
-- An expired lease is rescued within the length of a lease.
select id, kind, job_key, heartbeat_at, lease_until
from ops.job_queue
where state = 'running' and lease_until + (lease_until - heartbeat_at) < clock_timestamp();

-- name: job_attempts_within_maximum
-- An attempt is counted when it begins, and the last one ends the job.
select id, kind, job_key, state, attempts, max_attempts
from ops.job_queue
where attempts < 0 or attempts > max_attempts;

-- name: open_request_has_job
-- A request that waits for a provider has a job that releases its key and its credits if the process
-- dies.
select k.user_id, k.key, k.path, k.created_at
from ops.idempotency_keys k
where k.state = 'open'
  and not exists (
    select from ops.job_queue j
    where j.user_id = k.user_id and j.kind in ('reservation_settle', 'order_release')
      and j.payload ->> 'key' = k.key::text and j.state in ('queued', 'running', 'dead'));

-- name: pending_reminder_has_job
-- A pending reminder has a job at its time, except a job that has failed. Dormant ones have no time
-- and no job. Users with a pending listener retry are excluded.
select r.user_id, r.id as reminder_id, r.scheduled_at, j.state, j.run_at
from tasks.reminders r
left join ops.job_queue j
  on j.user_id = r.user_id and j.kind = 'reminder_fire' and j.job_key = r.id::text and j.state in ('queued', 'running', 'dead')
where not r.fired and r.scheduled_at is not null
  and (j.id is null or (j.state = 'queued' and j.attempts = 0 and j.run_at <> r.scheduled_at))
  and not exists (
    select from ops.job_queue h where h.user_id = r.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: reminder_job_has_pending_reminder
-- Otherwise jobs of fired or deleted reminders would accumulate.
select j.user_id, j.job_key, j.run_at
from ops.job_queue j
where j.kind = 'reminder_fire' and j.state = 'queued'
  and not exists (
    select from tasks.reminders r
    where r.user_id = j.user_id and r.id::text = j.job_key and not r.fired and r.scheduled_at is not null)
  and not exists (
    select from ops.job_queue h where h.user_id = j.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: relative_reminder_follows_due_date
-- The time of a relative reminder that has not fired follows from its task's due date; without one it
-- has none. Users with a pending listener retry are excluded.
select r.user_id, r.id as reminder_id, r.type, r.offset_minutes, r.scheduled_at, t.due_date
from tasks.reminders r
join tasks.task_instances t on t.user_id = r.user_id and t.id = r.task_id
where not r.fired and r.type <> 'absolute' and t.due_on is null
  and r.scheduled_at is distinct from
    t.due_date + (case r.type when 'before' then -1 else 1 end) * r.offset_minutes * interval '1 minute'
  and not exists (
    select from ops.job_queue h where h.user_id = r.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: relative_reminder_follows_day
-- As above, of an all-day task: at a local time of the day, in any time zone, or of the next one where
-- a zone has skipped the day.
select r.user_id, r.id as reminder_id, r.type, r.offset_minutes, r.scheduled_at, t.due_on
from tasks.reminders r
join tasks.task_instances t on t.user_id = r.user_id and t.id = r.task_id
where not r.fired and r.type <> 'absolute' and t.due_on is not null
  and (r.scheduled_at is null
    or r.scheduled_at - (case r.type when 'before' then -1 else 1 end) * r.offset_minutes * interval '1 minute'
      not between (t.due_on::timestamp at time zone 'UTC') - interval '15 hours'
        and (t.due_on::timestamp at time zone 'UTC') + interval '61 hours')
  and not exists (
    select from ops.job_queue h where h.user_id = r.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: reminder_fires_once
-- A reminder has at most one entry for its firing.
select l.user_id, l.entity_id as reminder_id, count(*) as entries
from activity.activity_logs l
where l.action = 'reminder_fired'
group by l.user_id, l.entity_id
having count(*) > 1;

-- name: focus_time_within_bounds
-- A session counts at most 12 hours, and a task has at least the time of its sessions.
select f.user_id, f.task_id, max(f.duration_seconds) as longest, sum(f.duration_seconds) as counted, t.focus_time_seconds
from tasks.focus_sessions f
join tasks.task_instances t on t.user_id = f.user_id and t.id = f.task_id
where f.ended_at is not null
group by f.user_id, f.task_id, t.focus_time_seconds
having max(f.duration_seconds) > 43200 or sum(f.duration_seconds) > t.focus_time_seconds;

-- name: active_focus_session_has_job
-- An active session has a job that ends it, and its task is neither completed nor archived. Users
-- with a pending listener retry are excluded.
select f.user_id, f.id as session_id, t.completed, t.archived
from tasks.focus_sessions f
join tasks.task_instances t on t.user_id = f.user_id and t.id = f.task_id
where f.ended_at is null
  and (t.completed or t.archived or not exists (
    select from ops.job_queue j
    where j.user_id = f.user_id and j.kind = 'focus_end' and j.job_key = f.id::text and j.state in ('queued', 'running', 'dead')))
  and not exists (
    select from ops.job_queue h where h.user_id = f.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: focus_job_has_active_session
-- Otherwise jobs of ended sessions would accumulate.
select j.user_id, j.job_key, j.run_at
from ops.job_queue j
where j.kind = 'focus_end' and j.state = 'queued'
  and not exists (
    select from tasks.focus_sessions f where f.user_id = j.user_id and f.id::text = j.job_key and f.ended_at is null)
  and not exists (
    select from ops.job_queue h where h.user_id = j.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: one_daily_run_per_kind
-- schedule_runs allows one run per kind and day; this finds two jobs for the same run.
select kind, job_key, count(*) as runs
from ops.job_queue
where kind in ('streak_calculate', 'credit_expire', 'subscription_check', 'cleanup')
group by kind, job_key
having count(*) > 1;

-- name: voice_sessions_end
-- scope: live
-- A session lasts at most 300 s plus 30 s to start, even if its process dies. Raise the number with
-- VOICE_MAX_SECONDS.
select user_id, id, opened_at, lease_until
from notes.voice_sessions
where ended_at is null and opened_at < clock_timestamp() - interval '330 seconds';

-- name: active_voice_session_has_job
-- A session whose process dies is ended and billed by its job.
select v.user_id, v.id as session_id, v.opened_at
from notes.voice_sessions v
where v.ended_at is null
  and not exists (
    select from ops.job_queue j
    where j.user_id = v.user_id and j.kind = 'voice_session_end' and j.job_key = v.id::text
      and j.state in ('queued', 'running', 'dead'));

-- name: at_most_ten_push_subscriptions
-- The limit is checked under the owner's lock.
select user_id, count(*) as subscribed
from activity.push_subscriptions
group by user_id
having count(*) > 10;

-- name: at_most_ten_calendar_feeds
-- The limit is checked under the owner's lock.
select user_id, count(*) as feeds
from tasks.calendar_feeds
group by user_id
having count(*) > 10;

-- name: notification_key_used_once
-- A key of a deleted notification is not used again.
select n.user_id, n.dedup_key
from activity.notifications n
join activity.notification_keys k on k.user_id = n.user_id and k.dedup_key = n.dedup_key;

-- name: constraints_and_indexes_are_valid
-- A failed build leaves an index that is not used, and an unvalidated constraint does not cover older
-- rows.
select conrelid::regclass::text as relation, conname as name
from pg_catalog.pg_constraint
where not convalidated
union all
select indrelid::regclass::text, indexrelid::regclass::text
from pg_catalog.pg_index
where not indisvalid;

-- name: changes_have_users
-- There is no foreign key: a trigger deletes the changes with their user.
select c.user_id, count(*) as changes
from activity.changes c
where not exists (select from auth.users u where u.id = c.user_id)
group by c.user_id;

-- name: all_day_due_dates
-- The due date of an all-day task is the end of its day in the user's time zone. Only the widest offsets
-- are compared: the service, which computes it, may have other time zone data than PostgreSQL.
select t.user_id, t.id as task_id, t.due_on, t.due_date
from tasks.task_instances t
where t.due_on is not null
  and (t.due_date is null
    or t.due_date < (t.due_on + 1)::timestamp at time zone 'UTC' - interval '15 hours'
    or t.due_date > (t.due_on + 1)::timestamp at time zone 'UTC' + interval '13 hours');
