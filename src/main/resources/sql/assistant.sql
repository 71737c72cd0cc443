-- name: count_request
-- Counts the request and checks the limit in one statement, so that the limit holds across
-- processes. Returns no row if the limit is reached.
insert into activity.ai_task_counters as c (user_id, jti, task_id, requests, expires_at)
values (:user_id, :session, :task_id, 1, :expires_at)
on conflict (user_id, jti, task_id) do update
set requests = c.requests + 1
where c.requests < :most
returning requests

-- name: insert_suggestions
insert into activity.ai_suggestions
  (id, user_id, action_type, task_id, note_id, task_version, description, data, expires_at,
   created_at, updated_at)
select id, :user_id, action_type, task_id, note_id, task_version, description, data, :expires_at,
       :now, :now
from jsonb_to_recordset(:suggestions::jsonb) as s (
  id uuid, action_type text, task_id uuid, note_id uuid, task_version int, description text,
  data jsonb)

-- name: find_suggestion
-- Runs under the owner's lock, so the suggestion does not change before the commit.
select action_type, data, status, expires_at
from activity.ai_suggestions
where user_id = :user_id and id = :id

-- name: find_suggestion_owner
-- Runs only if the user has no such suggestion: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from activity.ai_suggestions where id = :id) as elsewhere

-- name: confirm_suggestion
-- Runs under the owner's lock, after the suggestion was found to be open.
update activity.ai_suggestions
set status = 'confirmed', confirmed_at = :now, updated_at = :now
where user_id = :user_id and id = :id and status = 'proposed'

-- name: expire_suggestions
-- scope: system fan-out
-- Runs daily, in batches. The index ai_suggestions_expiring serves it.
update activity.ai_suggestions s
set status = 'expired', updated_at = :now
from (
  select user_id, id
  from activity.ai_suggestions
  where status = 'proposed' and expires_at <= :now
  order by expires_at
  limit :count
  for update skip locked
) over
where s.user_id = over.user_id and s.id = over.id

-- name: delete_suggestions
-- scope: system fan-out
-- Runs daily, in batches.
delete from activity.ai_suggestions s
using (
  select user_id, id
  from activity.ai_suggestions
  where status = 'expired' and expires_at <= :horizon
  order by expires_at
  limit :count
  for update skip locked
) over
where s.user_id = over.user_id and s.id = over.id

-- name: delete_counters
-- scope: system fan-out
-- Counters of sessions that have ended. Runs daily, in batches. The index ai_task_counters_expires
-- serves it.
delete from activity.ai_task_counters c
using (
  select user_id, jti, task_id
  from activity.ai_task_counters
  where expires_at <= :now
  order by expires_at
  limit :count
  for update skip locked
) over
where c.user_id = over.user_id and c.jti = over.jti and c.task_id = over.task_id

-- name: set_former_suggestion_values
-- For undo.
update activity.ai_suggestions s
set status = r.status, confirmed_at = r.confirmed_at, updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join activity.ai_suggestions o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where s.user_id = :user_id and s.id = c.id
