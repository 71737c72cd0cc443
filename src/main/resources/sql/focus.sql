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
