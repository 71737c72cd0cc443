-- Each query returns rows only where something that must never be is.

-- name: open_tasks_counter
-- The limit is checked against the counter, so a counter that drifts lets users exceed it or locks them out.
select u.id as user_id, u.open_tasks as counter, count(t.id) as counted
from auth.users u
left join tasks.task_instances t on t.user_id = u.id and not t.completed and not t.hidden and not t.archived
group by u.id
having u.open_tasks <> count(t.id);

-- name: notes_counter
-- The same for notes: archived ones do not count.
select u.id as user_id, u.notes as counter, count(n.id) as counted
from auth.users u
left join notes.notes n on n.user_id = u.id and not n.archived
group by u.id
having u.notes <> count(n.id);

-- name: subtask_counters
-- The last open subtask is recognised by these counters; a wrong one completes a parent too early or never.
select t.user_id, t.id as task_id, t.subtask_count, count(s.id) as counted,
       t.subtask_completed_count, count(s.id) filter (where s.completed) as counted_completed
from tasks.task_instances t
left join tasks.subtasks s on s.user_id = t.user_id and s.task_id = t.id
group by t.user_id, t.id
having t.subtask_count <> count(s.id) or t.subtask_completed_count <> count(s.id) filter (where s.completed);

-- name: subtask_order_gapless
-- The constraint keeps positions unique and not negative; with that, gapless means highest + 1 = count.
select user_id, task_id, count(*) as subtasks, max(order_index) as highest
from tasks.subtasks
group by user_id, task_id
having max(order_index) + 1 <> count(*) or count(distinct order_index) <> count(*);

-- name: tasks_accounted_for
-- Nothing is lost and nothing made twice: created + recovered = live + deleted. Only where the log still reaches back to the
-- account's first entry, since older days are dropped.
select u.id as user_id, l.created, l.recovered, l.deleted, t.live
from auth.users u
join lateral (
  select count(*) filter (where action = 'user_registered') as registered,
         count(*) filter (where action = 'task_created') as created,
         count(*) filter (where action = 'task_recovered') as recovered,
         count(*) filter (where action = 'task_deleted') as deleted
  from activity.activity_logs where user_id = u.id
) l on l.registered > 0
cross join lateral (select count(*) as live from tasks.task_instances where user_id = u.id) t
where l.created + l.recovered <> t.live + l.deleted;

-- name: active_templates_go_on
-- Whatever makes tasks has one that waits to be completed, or a job that will make one. A dead job waits for people to retry it.
select p.user_id, p.id as template_id
from tasks.task_templates p
where p.active
  and not exists (
    select from tasks.task_instances t
    where t.user_id = p.user_id and t.template_id = p.id and not t.completed)
  and not exists (
    select from ops.job_queue j
    where j.user_id = p.user_id and j.kind = 'recurring_task_generate' and j.job_key = p.id::text
      and j.state in ('queued', 'running', 'dead'));

-- name: three_tombstones
-- No constraint can count: the deletion keeps the newest three under the user's lock.
select user_id, count(*) as tombstones
from tasks.deletion_tombstones
group by user_id
having count(*) > 3;

-- name: deleted_is_not_live
-- A tombstone goes when its entity comes back; both at once would be a deletion undone twice.
select d.user_id, d.id as tombstone_id, d.entity_id
from tasks.deletion_tombstones d
where (d.entity_type = 'task' and exists (
        select from tasks.task_instances t where t.user_id = d.user_id and t.id = d.entity_id))
   or (d.entity_type = 'note' and exists (
        select from notes.notes n where n.user_id = d.user_id and n.id = d.entity_id));

-- name: one_active_refresh_token
-- Two living tokens would be two sessions where one replaces the other.
select user_id, count(*) as active
from auth.refresh_tokens
where rotated_at is null and revoked_at is null
group by user_id
having count(*) > 1;

-- name: revoked_family_stays_dead
-- Theft revokes the whole family; a member that still lives would hand the account to the thief.
select t.user_id, t.family, t.seq
from auth.refresh_tokens t
where t.rotated_at is null and t.revoked_at is null
  and exists (
    select from auth.refresh_tokens r where r.user_id = t.user_id and r.family = t.family and r.reason = 'theft');

-- name: grant_balanced
-- Money: each grant is what is left, what was spent and what expired.
select user_id, id as grant_id, amount, remaining, spent, expired
from billing.ai_credit_grants
where amount <> remaining + spent + expired;

-- name: grant_matches_ledger
-- The ledger tells the same story as the grant: it opens with the amount, ends with what is left, and between them lies what was
-- spent less what was given back.
with movements as (
  select user_id, grant_id, operation, amount,
         row_number() over (partition by user_id, grant_id order by seq) = 1 as opening
  from billing.ai_credit_ledger
), told as (
  select user_id, grant_id,
         sum(amount) filter (where opening) as amount,
         sum(amount) as remaining,
         coalesce(-sum(amount) filter (where not opening and operation in ('consume', 'refund')), 0) as spent
  from movements
  group by user_id, grant_id
)
select g.user_id, g.id as grant_id, g.amount, told.amount as told_amount, g.remaining, told.remaining as told_remaining,
       g.spent, told.spent as told_spent
from billing.ai_credit_grants g
left join told on told.user_id = g.user_id and told.grant_id = g.id
where (g.amount, g.remaining, g.spent) is distinct from (told.amount, told.remaining, told.spent);

-- name: ledger_chain
-- Each balance follows from the one before it: two spends that did not see each other break the chain even if the sum is right.
select user_id, seq, amount, balance_after, previous
from (
  select user_id, seq, amount, balance_after,
         lag(balance_after, 1, 0) over (partition by user_id order by seq) as previous
  from billing.ai_credit_ledger
) chain
where balance_after <> previous + amount;

-- name: expired_credits_not_spent
-- Around midnight: nothing is taken from a grant whose time is up.
select l.user_id, l.seq, l.grant_id, l.created_at, g.expires_at
from billing.ai_credit_ledger l
join billing.ai_credit_grants g on g.user_id = l.user_id and g.id = l.grant_id
where l.operation = 'consume' and l.created_at >= g.expires_at;

-- name: captured_purchase_granted_once
-- Money taken is credits given, whatever order and number of webhooks brought it.
select p.user_id, p.id as purchase_id, p.credits, g.amount as granted
from billing.purchases p
left join billing.ai_credit_grants g on g.user_id = p.user_id and g.purchase_id = p.id
where p.kind = 'credits'
  and ((p.status = 'captured' and g.amount is distinct from p.credits)
    or (p.status in ('open', 'declined', 'voided', 'expired') and g.id is not null));

-- name: perks_match_unlocks
-- Limits are read from the user's row; they must be the sum of what was unlocked.
select u.id as user_id, u.perk_tasks, u.perk_notes, u.perk_daily_credits
from auth.users u
left join achievements.unlocks k on k.user_id = u.id
left join achievements.achievement_definitions d on d.id = k.achievement_id
group by u.id
having u.perk_tasks <> coalesce(sum(d.perk_value) filter (where d.perk_type = 'max_tasks'), 0)
    or u.perk_notes <> coalesce(sum(d.perk_value) filter (where d.perk_type = 'max_notes'), 0)
    or u.perk_daily_credits <> coalesce(sum(d.perk_value) filter (where d.perk_type = 'daily_credits'), 0);

-- name: reached_is_unlocked
-- Whoever has reached a threshold has its achievement, and nobody has another.
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

-- name: unlocked_is_told
-- An unlock is a notification, which may have been deleted since, and one activity entry, as long as the log reaches back.
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
      where l.user_id = k.user_id and l.action = 'achievement_unlocked' and l.metadata ->> 'achievement_id' = k.achievement_id) > 1;

-- name: counted_is_in_the_total
-- What a task has marked as counted was counted, or a job is about to. Deleted tasks stay in the total, so it may be more.
select s.user_id, s.lifetime_tasks_completed, count(t.id) as counted
from achievements.user_achievement_states s
join tasks.task_instances t on t.user_id = s.user_id and t.counted_at is not null
where not exists (
    select from ops.job_queue h where h.user_id = s.user_id and h.kind = 'handler_retry' and h.state <> 'done')
group by s.user_id, s.lifetime_tasks_completed
having s.lifetime_tasks_completed < count(t.id);

-- name: no_job_past_two_leases
-- A dead worker's job returns within one lease; one that hangs for two has been forgotten. The lease's length is the row's own.
select id, kind, job_key, heartbeat_at, lease_until
from ops.job_queue
where state = 'running' and lease_until + (lease_until - heartbeat_at) < clock_timestamp();

-- name: reminder_has_its_job
-- Whoever waits to be reminded has a job standing at that very time; only one that failed rests. A user whose reaction is yet to be
-- made up for may be behind.
select r.user_id, r.id as reminder_id, r.scheduled_at, j.state, j.run_at
from tasks.reminders r
left join ops.job_queue j
  on j.user_id = r.user_id and j.kind = 'reminder_fire' and j.job_key = r.id::text and j.state in ('queued', 'running', 'dead')
where not r.fired
  and (j.id is null or (j.state = 'queued' and j.attempts = 0 and j.run_at <> r.scheduled_at))
  and not exists (
    select from ops.job_queue h where h.user_id = r.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: reminder_job_has_its_reminder
-- A job that waits for a reminder that has fired or is gone would pile up with a million others.
select j.user_id, j.job_key, j.run_at
from ops.job_queue j
where j.kind = 'reminder_fire' and j.state = 'queued'
  and not exists (
    select from tasks.reminders r where r.user_id = j.user_id and r.id::text = j.job_key and not r.fired)
  and not exists (
    select from ops.job_queue h where h.user_id = j.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: fired_reminder_told_once
-- Told means a notification; one that merely lapsed has none.
select l.user_id, l.entity_id as reminder_id, count(*) as told
from activity.activity_logs l
where l.action = 'reminder_fired'
group by l.user_id, l.entity_id
having count(*) > 1;

-- name: focus_within_bounds
-- No focus counts more than 12 hours, and a task has the time of all that it still knows of; a recovered one knows of none.
select f.user_id, f.task_id, max(f.duration_seconds) as longest, sum(f.duration_seconds) as counted, t.focus_time_seconds
from tasks.focus_sessions f
join tasks.task_instances t on t.user_id = f.user_id and t.id = f.task_id
where f.ended_at is not null
group by f.user_id, f.task_id, t.focus_time_seconds
having max(f.duration_seconds) > 43200 or sum(f.duration_seconds) > t.focus_time_seconds;

-- name: focus_has_its_job
-- What runs will be ended even if everybody forgets it, and it runs on nothing that is done or read-only. A user whose reaction is yet
-- to be made up for may be behind.
select f.user_id, f.id as session_id, t.completed, t.archived
from tasks.focus_sessions f
join tasks.task_instances t on t.user_id = f.user_id and t.id = f.task_id
where f.ended_at is null
  and (t.completed or t.archived or not exists (
    select from ops.job_queue j
    where j.user_id = f.user_id and j.kind = 'focus_end' and j.job_key = f.id::text and j.state in ('queued', 'running', 'dead')))
  and not exists (
    select from ops.job_queue h where h.user_id = f.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: focus_job_has_its_session
-- A job that waits for a focus that has ended would pile up.
select j.user_id, j.job_key, j.run_at
from ops.job_queue j
where j.kind = 'focus_end' and j.state = 'queued'
  and not exists (
    select from tasks.focus_sessions f where f.user_id = j.user_id and f.id::text = j.job_key and f.ended_at is null)
  and not exists (
    select from ops.job_queue h where h.user_id = j.user_id and h.kind = 'handler_retry' and h.state <> 'done');

-- name: one_daily_run_per_kind
-- The key of schedule_runs forbids two runs; this finds two jobs that did the same day's work.
select kind, job_key, count(*) as runs
from ops.job_queue
where kind in ('streak_calculate', 'credit_expire', 'subscription_check', 'cleanup')
group by kind, job_key
having count(*) > 1;

-- name: no_endless_voice_session
-- 300 s of audio and 30 s to begin: whatever is open longer has lost its owner and would be billed on.
select user_id, id, opened_at, lease_until
from notes.voice_sessions
where ended_at is null and opened_at < clock_timestamp() - interval '330 seconds';

-- name: browsers_per_user
-- The limit is checked on a locked owner's row; more than ten means that somebody wrote without the lock.
select user_id, count(*) as subscribed
from activity.push_subscriptions
group by user_id
having count(*) > 10;

-- name: told_once
-- A key that was told and deleted may not have been told again.
select n.user_id, n.dedup_key
from activity.notifications n
join activity.notification_keys k on k.user_id = n.user_id and k.dedup_key = n.dedup_key;
