-- Each index names the query it serves. What is missing here is missing on purpose:
--   Tasks, notes, templates, reminders and voice sessions are listed by user. The primary key finds the user's rows (a few
--   hundred), and a page must count them all for its total anyway; an index per sort order would save only an in-memory sort. On
--   task_instances, one on due_date, priority, completed or updated_at would end HOT updates, and every PATCH would then write to
--   every index of the table.
--   Filters (q, completed, priority, action, entity) apply to those same rows.

-- A task's reminders, its detail, the limit of five, moving them with the due date; the cascade of a task's deletion.
create index reminders_task on tasks.reminders (user_id, task_id);

-- The cascade of a task's deletion, which would otherwise read all sessions the user ever had.
create index focus_sessions_task on tasks.focus_sessions (user_id, task_id);

-- Notifications, newest first; nothing removes old ones, so this list may grow where the others do not.
create index notifications_newest on activity.notifications (user_id, created_at, id);

-- unread_count, unread_only and read-all.
create index notifications_unread on activity.notifications (user_id, created_at, id) where not read;

-- Balance and spending read only what is left; a user collects a used-up daily grant per day.
create index ai_credit_grants_open on billing.ai_credit_grants (user_id, created_at, id) where remaining > 0;

-- What today's entitlement has already yielded, used up or not.
create index ai_credit_grants_entitled on billing.ai_credit_grants (user_id, entitled_on) where entitled_on is not null;

-- credit_expire: grants whose time is up and that still hold something, over all users.
create index ai_credit_grants_expiring on billing.ai_credit_grants (expires_at, user_id) where remaining > 0;

-- The movements of one grant; the cascade of a user's deletion, which goes grant by grant.
create index ai_credit_ledger_grant on billing.ai_credit_ledger (user_id, grant_id);

-- The month's purchases for the limit of credits bought.
create index purchases_month on billing.purchases (user_id, created_at);

-- subscription_check: past_due, grace and cancelled ones are all past or near this date too.
create index subscriptions_due on billing.subscriptions (current_period_end, user_id) where status <> 'expired';

-- The cascade of a user's deletion.
create index payment_events_user on billing.payment_events (user_id) where user_id is not null;

-- streak_calculate: streaks whose last day is over.
create index user_achievement_states_streaks on achievements.user_achievement_states (last_completion_date, user_id)
  where current_streak > 0;

-- Claiming what is due, oldest first.
create index job_queue_due on ops.job_queue (run_at, id) where state = 'queued';

-- Taking back jobs whose worker is gone.
create index job_queue_leases on ops.job_queue (lease_until) where state = 'running';

-- cleanup of finished jobs, and listing dead ones.
create index job_queue_finished on ops.job_queue (state, finished_at) where finished_at is not null;

-- The cascade of a user's deletion; a million reminders may be waiting.
create index job_queue_user on ops.job_queue (user_id) where user_id is not null;

-- cleanup, each by the time that decides.
create index idempotency_keys_created on ops.idempotency_keys (created_at);
create index refresh_tokens_expires on auth.refresh_tokens (expires_at);
create index deletion_tombstones_until on tasks.deletion_tombstones (recoverable_until);
create index ai_suggestions_expiring on activity.ai_suggestions (expires_at) where status = 'proposed';
create index ai_task_counters_expires on activity.ai_task_counters (expires_at);
