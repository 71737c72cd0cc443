-- name: list_reminders
-- Soonest first; dormant reminders have no time and are last. Walks an index for the keys of the
-- page, and reads its rows by id. An empty page is one row with the total; no row means that the
-- account does not exist.
with page as (
  select scheduled_at, id
  from tasks.reminders
  where user_id = :user_id
  order by scheduled_at, id
  limit :limit offset :offset
)
select (select count(*)::int from tasks.reminders c where c.user_id = :user_id) as total, r.id,
       r.task_id, r.user_id, r.type, r.offset_minutes, r.scheduled_at, r.method, r.fired,
       r.fired_at, r.version, r.created_at, r.updated_at
from auth.users u
left join page on true
left join lateral (
  select m.id, m.task_id, m.user_id, m.type, m.offset_minutes, m.scheduled_at, m.method, m.fired,
         m.fired_at, m.version, m.created_at, m.updated_at
  from tasks.reminders m
  where m.user_id = :user_id and m.id = page.id
  limit 1
) r on true
where u.id = :user_id
order by page.scheduled_at, page.id

-- name: find_reminder
select id, task_id, user_id, type, offset_minutes, scheduled_at, method, fired, fired_at,
       version, created_at, updated_at
from tasks.reminders
where user_id = :user_id and id = :id

-- name: find_due
-- A reminder with the pauses that may contain its time; the service compares them in the user's time zone.
select id, task_id, user_id, type, offset_minutes, scheduled_at, method, fired, fired_at,
       version, created_at, updated_at, achievements.pauses_near(user_id, scheduled_at) as pauses
from tasks.reminders
where user_id = :user_id and id = :id

-- name: find_reminder_owner
-- Runs only if the user has no such reminder: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.reminders where id = :id) as elsewhere

-- name: list_relative
-- The reminders that move with a task's due date.
select id, task_id, user_id, type, offset_minutes, scheduled_at, method, fired, fired_at,
       version, created_at, updated_at
from tasks.reminders
where user_id = :user_id and task_id = :task_id and type <> 'absolute' and not fired
order by scheduled_at, id

-- name: find_base
select all_day_reminder_time::text as all_day_reminder_time, timezone
from auth.users
where id = :user_id

-- name: list_of_open_days
-- The reminders that move with the user's time zone, of open all-day tasks, as tasks.list_open_days.
select r.id, r.task_id, r.user_id, r.type, r.offset_minutes, r.scheduled_at, r.method, r.fired,
       r.fired_at, r.version, r.created_at, r.updated_at, t.due_on, u.timezone,
       u.all_day_reminder_time::text as all_day_reminder_time
from auth.users u
cross join lateral (
  select id, due_on
  from tasks.task_instances
  where user_id = :user_id and not completed and not hidden and not archived and due_on is not null
  union all
  select id, due_on
  from tasks.task_instances
  where user_id = :user_id and (hidden or archived) and not completed and due_on is not null
) t
join tasks.reminders r
  on r.user_id = u.id and r.task_id = t.id and r.type <> 'absolute' and not r.fired
where u.id = :user_id

-- name: move_reminders
-- The arrays have one element for each reminder. One whose time is past does not fire any more.
update tasks.reminders r
set scheduled_at = moved.scheduled_at,
    fired = moved.scheduled_at < :now::timestamptz,
    fired_at = case when moved.scheduled_at < :now::timestamptz then :now::timestamptz end,
    version = r.version + 1,
    updated_at = :now
from unnest(:ids::uuid[], :times::text[]::timestamptz[]) as moved (id, scheduled_at)
where r.user_id = :user_id and r.id = moved.id and not r.fired

-- name: insert_reminder
insert into tasks.reminders
  (id, user_id, task_id, type, offset_minutes, scheduled_at, method, fired, fired_at, created_at,
   updated_at)
values
  (:id, :user_id, :task_id, :type, :offset_minutes::int, :scheduled_at::timestamptz, :method,
   :fired, :fired_at::timestamptz, :now, :now)

-- name: store_reminder
-- Stores the state computed under the owner's lock.
update tasks.reminders
set type = :type,
    offset_minutes = :offset_minutes::int,
    scheduled_at = :scheduled_at::timestamptz,
    method = :method,
    fired = :fired,
    fired_at = :fired_at::timestamptz,
    version = :version,
    updated_at = :updated_at::timestamptz
where user_id = :user_id and id = :id

-- name: delete_reminder
delete from tasks.reminders
where user_id = :user_id and id = :id

-- name: find_any
-- Whether the task has a reminder; false for a deleted task.
select exists (
  select from tasks.reminders where user_id = :user_id and task_id = :task_id
) as present

-- name: list_deleted
-- The reminders of a deleted task, or of the tasks of a deleted list, from the tombstone. Those of earlier releases have no version.
select r.id, r.task_id, r.user_id, r.type, r.offset_minutes, r.scheduled_at, r.method, r.fired,
       r.fired_at, coalesce(r.version, 1) as version, r.created_at, r.updated_at
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_recordset(null::tasks.reminders, d.snapshot -> 'reminders') r
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type in ('task', 'list')
order by r.scheduled_at, r.id

-- name: restore_reminders
-- Runs after restore_task or restore_tasks. Inserts the snapshot's values unchanged.
insert into tasks.reminders
  (id, user_id, task_id, type, offset_minutes, scheduled_at, method, fired, fired_at, version,
   created_at, updated_at)
select r.id, d.user_id, r.task_id, r.type, r.offset_minutes, r.scheduled_at, r.method, r.fired,
       r.fired_at, coalesce(r.version, 1), r.created_at, r.updated_at
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_recordset(null::tasks.reminders, d.snapshot -> 'reminders') r
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type in ('task', 'list')

-- name: find_by_ids
-- For synchronization.
select id, task_id, user_id, type, offset_minutes, scheduled_at, method, fired, fired_at, version,
       created_at, updated_at
from tasks.reminders
where user_id = :user_id and id = any(:ids)

-- name: list_by_id
-- For snapshots; the primary key serves it.
select id, task_id, user_id, type, offset_minutes, scheduled_at, method, fired, fired_at, version,
       created_at, updated_at
from tasks.reminders
where user_id = :user_id and id > :after
order by id
limit :limit

-- name: find_equal_reminders
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.reminders t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: remove_created_reminders
-- For undo.
delete from tasks.reminders
where user_id = :user_id and id = any(:ids)

-- name: set_former_reminder_values
-- For undo.
update tasks.reminders m
set type = r.type,
    offset_minutes = r.offset_minutes,
    scheduled_at = r.scheduled_at,
    method = r.method,
    fired = r.fired,
    fired_at = r.fired_at,
    version = o.version + 1,
    updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.reminders o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where m.user_id = :user_id and m.id = c.id

-- name: insert_former_reminders
-- For undo.
insert into tasks.reminders
  (id, user_id, task_id, type, offset_minutes, scheduled_at, method, fired, fired_at, version,
   created_at, updated_at)
select c.id, :user_id, r.task_id, r.type, r.offset_minutes, r.scheduled_at, r.method, r.fired,
       r.fired_at, r.version + 1, r.created_at, r.updated_at
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.reminders, c.before) r

-- name: find_others_of_tasks
-- Whether one of the tasks has a reminder besides these.
select exists (
  select from tasks.reminders
  where user_id = :user_id and task_id = any(:tasks) and id <> all(:ids)
) as present
