-- name: find_active
-- The unique index of active sessions serves it. Without an active session, one row of nulls; no
-- row means that the account does not exist.
select f.id, f.task_id, f.started_at
from auth.users u
left join tasks.focus_sessions f on f.user_id = :user_id and f.ended_at is null
where u.id = :user_id

-- name: insert_session
insert into tasks.focus_sessions (id, user_id, task_id, started_at)
values (:id, :user_id, :task_id, :now)

-- name: end_session
-- Updates no row if the session was deleted with its task, by cascade.
update tasks.focus_sessions
set ended_at = :ended_at::timestamptz, duration_seconds = :duration_seconds
where user_id = :user_id and id = :id and ended_at is null

-- name: find_by_ids
select id, ended_at
from tasks.focus_sessions
where user_id = :user_id and id = any(:ids)

-- name: find_others_of_tasks
-- Whether one of the tasks has a session besides these.
select exists (
  select from tasks.focus_sessions
  where user_id = :user_id and task_id = any(:tasks) and id <> all(:ids)
) as present

-- name: find_equal_sessions
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.focus_sessions t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: remove_created_sessions
-- For undo.
delete from tasks.focus_sessions
where user_id = :user_id and id = any(:ids)

-- name: set_former_session_values
-- For undo.
update tasks.focus_sessions f
set ended_at = r.ended_at, duration_seconds = r.duration_seconds
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.focus_sessions o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where f.user_id = :user_id and f.id = c.id

-- name: insert_former_sessions
-- For undo.
insert into tasks.focus_sessions (id, user_id, task_id, started_at, ended_at, duration_seconds)
select c.id, :user_id, r.task_id, r.started_at, r.ended_at, r.duration_seconds
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.focus_sessions, c.before) r
