-- name: find_task
-- Includes the running focus session, because completing, archiving and deleting a task end it and
-- count its time. The unique index of active sessions serves the subquery.
select t.id, t.user_id, t.template_id, t.title, t.description, t.priority, t.due_date,
       t.estimated_duration, t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed, t.completed_at, t.completed_by,
       t.hidden, t.archived, t.subtask_count, t.subtask_completed_count, t.version, t.counted_at,
       t.created_at, t.updated_at,
       (select f.started_at from tasks.focus_sessions f
        where f.user_id = :user_id and f.task_id = t.id and f.ended_at is null) as focusing_since
from tasks.task_instances t
where t.user_id = :user_id and t.id = :id

-- name: find_detail
-- A task with its subtasks and reminders in one round trip. These are JSON in the form of the
-- contract, so that the answer contains them unparsed. Instants are formatted explicitly, because a
-- cast would use the session's time zone; row_to_json adds no white space, json_build_object would.
select t.id, t.user_id, t.template_id, t.title, t.description, t.priority, t.due_date,
       t.estimated_duration, t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed, t.completed_at, t.completed_by,
       t.hidden, t.archived, t.subtask_count, t.subtask_completed_count, t.version, t.counted_at,
       t.created_at, t.updated_at,
       (select f.started_at from tasks.focus_sessions f
        where f.user_id = :user_id and f.task_id = t.id and f.ended_at is null) as focusing_since,
       coalesce((
         select '[' || string_agg(row_to_json(subtask)::text, ',' order by order_index) || ']'
         from (
           select s.id, s.task_id, s.title, s.completed,
                  to_char(s.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as completed_at,
                  s.order_index, s.source, s.version,
                  to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
                  to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
           from tasks.subtasks s
           where s.user_id = :user_id and s.task_id = t.id
         ) subtask
       ), '[]') as subtasks,
       coalesce((
         select '[' || string_agg(row_to_json(reminder)::text, ',' order by scheduled_at, id) || ']'
         from (
           select r.id, r.type, r.fired, r.method, r.task_id, r.user_id,
                  to_char(r.fired_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as fired_at,
                  to_char(r.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
                  to_char(r.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at,
                  to_char(r.scheduled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as scheduled_at,
                  r.offset_minutes, r.version
           from tasks.reminders r
           where r.user_id = :user_id and r.task_id = t.id
         ) reminder
       ), '[]') as reminders
from tasks.task_instances t
where t.user_id = :user_id and t.id = :id

-- name: find_subtask
select id, task_id, title, completed, completed_at, order_index, source, version, created_at,
       updated_at
from tasks.subtasks
where user_id = :user_id and id = :id

-- name: find_task_of_subtask
select task_id
from tasks.subtasks
where user_id = :user_id and id = :id

-- name: find_task_owner
-- Runs only if the user has no such task: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.task_instances where id = :id) as elsewhere

-- name: find_subtask_owner
-- Runs only if the user has no such subtask: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.subtasks where id = :id) as elsewhere

-- name: find_places
-- Runs under the owner's lock, so that the result holds until the commit.
select :list_id::uuid is null or exists (
         select from tasks.lists where user_id = :user_id and id = :list_id::uuid
       ) as list_exists,
       not exists (
         select from unnest(:label_ids::uuid[]) as given (id)
         where not exists (select from tasks.labels l where l.user_id = :user_id and l.id = given.id)
       ) as labels_exist

-- name: insert_task
-- Increments the counters in the same statement; the limit was checked on the user's locked row. The
-- setting spares the transaction the trigger that counts for other writers (migration V19).
with counted as (
  update auth.users set open_tasks = open_tasks + 1, shown_tasks = shown_tasks + 1
  where id = :user_id and set_config('flow.shown_counted', 'on', true) = 'on'
)
insert into tasks.task_instances
  (id, user_id, template_id, occurrence_at, title, description, priority, due_date, due_on, start_on,
   estimated_duration, list_id, position, label_ids, subtask_count, version, created_at, updated_at)
values
  (:id, :user_id, :template_id::uuid, :occurrence_at::timestamptz, :title, :description, :priority,
   :due_date::timestamptz, :due_on::date, :start_on::date, :estimated_duration::int, :list_id::uuid,
   :position::text, :label_ids, :subtask_count, 1, :now, :now)

-- name: store_task
-- Stores the state computed under the owner's lock. If the number of open tasks changes,
-- count_open_tasks runs with it: as part of this statement it would be planned again each time,
-- because a plan for the parameter 0 does nothing and so always seems cheaper.
update tasks.task_instances
set title = :title,
    description = :description,
    priority = :priority,
    due_date = :due_date::timestamptz,
    due_on = :due_on::date,
    start_on = :start_on::date,
    estimated_duration = :estimated_duration::int,
    list_id = :list_id::uuid,
    position = :position::text,
    label_ids = :label_ids,
    focus_time_seconds = :focus_time_seconds,
    completed = :completed,
    completed_at = :completed_at::timestamptz,
    completed_by = :completed_by::text,
    hidden = :hidden,
    archived = :archived,
    skipped_at = case when :archived then coalesce(:skipped_at::timestamptz, skipped_at) end,
    subtask_count = :subtask_count,
    subtask_completed_count = :subtask_completed_count,
    version = :version,
    counted_at = :counted_at::timestamptz,
    updated_at = :updated_at
where user_id = :user_id and id = :id

-- name: count_open_tasks
-- Runs with store_task.
update auth.users
set open_tasks = open_tasks + :open_delta
where id = :user_id

-- name: find_instances
-- The newest instance of a template, the newest pending one, and the newest except that one. The
-- unique index of occurrences serves all three.
with pending as materialized (
  select id, user_id, template_id, occurrence_at, title, description, priority, due_date,
         estimated_duration, due_on, start_on, list_id, position, label_ids,
         focus_time_seconds, completed, completed_at, completed_by, hidden,
         archived, subtask_count, subtask_completed_count, version, counted_at, created_at,
         updated_at
  from tasks.task_instances
  where user_id = :user_id and template_id = :template_id and not completed
    and skipped_at is null
  order by occurrence_at desc
  limit 1
),
newest as (
  select occurrence_at, due_date, due_on, coalesce(completed_at, skipped_at) as ended_at
  from tasks.task_instances
  where user_id = :user_id and template_id = :template_id
  order by occurrence_at desc
  limit 1
)
select newest.occurrence_at as newest_occurrence, newest.due_date as newest_due,
       newest.due_on as newest_due_on, newest.ended_at as newest_ended,
       (select max(o.occurrence_at)
        from tasks.task_instances o
        where o.user_id = :user_id and o.template_id = :template_id
          and o.id <> pending.id) as other_occurrence,
       pending.id, pending.user_id, pending.template_id, pending.occurrence_at, pending.title,
       pending.description, pending.priority, pending.due_date, pending.estimated_duration,
       pending.due_on, pending.start_on, pending.list_id, pending.position, pending.label_ids,
       pending.focus_time_seconds, pending.completed, pending.completed_at, pending.completed_by,
       pending.hidden, pending.archived, pending.subtask_count, pending.subtask_completed_count,
       pending.version, pending.counted_at, pending.created_at, pending.updated_at
from newest
left join pending on true

-- name: find_parts
-- What the next instance of a template copies: the subtasks and relative reminders of the newest
-- instance, or, if that was deleted, what delete_task kept of them. A recovered one counts again.
select parts.found -> 'subtasks' as subtasks, parts.found -> 'reminders' as reminders
from tasks.task_templates p
left join lateral (
  select t.id, t.occurrence_at
  from tasks.task_instances t
  where t.user_id = :user_id and t.template_id = p.id
  order by t.occurrence_at desc
  limit 1
) newest on true
cross join lateral (
  select case
    when newest.id is null or newest.occurrence_at < (p.deleted_parts ->> 'occurrence_at')::timestamptz
      then p.deleted_parts
    else jsonb_build_object(
      'subtasks', coalesce((
        select jsonb_agg(jsonb_build_object('title', s.title, 'source', s.source)
                         order by s.order_index)
        from tasks.subtasks s where s.user_id = :user_id and s.task_id = newest.id), '[]'),
      'reminders', coalesce((
        select jsonb_agg(jsonb_build_object('type', r.type, 'offset_minutes', r.offset_minutes,
                                            'method', r.method)
                         order by r.id)
        from tasks.reminders r
        where r.user_id = :user_id and r.task_id = newest.id and r.type <> 'absolute'), '[]'))
  end as found
) parts
where p.user_id = :user_id and p.id = :template_id and parts.found is not null

-- name: forget_deleted_parts
-- The new instance has them.
update tasks.task_templates
set deleted_parts = null
where user_id = :user_id and id = :template_id and deleted_parts is not null

-- name: move_occurrence
-- For the open instance of a template whose rule has changed.
update tasks.task_instances
set occurrence_at = :occurrence_at::timestamptz
where user_id = :user_id and id = :id

-- name: delete_task
-- Takes the snapshot, deletes the task and decrements the counter in one statement, so that no task
-- is lost between them. Subtasks, reminders and focus sessions are deleted by cascade, after the
-- snapshot. The snapshot includes the time of a running focus session. Of the newest instance of a
-- template, the template keeps what the next one copies: by then, the tombstone may be gone.
with counted as (
  update auth.users
  set open_tasks = open_tasks + :open_delta, shown_tasks = shown_tasks + :shown_delta
  where id = :user_id and :shown_delta <> 0
    and set_config('flow.shown_counted', 'on', true) = 'on'
),
kept as (
  update tasks.task_templates p
  set deleted_parts = jsonb_build_object(
    'occurrence_at', t.occurrence_at,
    'ended_at', coalesce(t.completed_at, t.skipped_at, :now),
    'subtasks', coalesce((
      select jsonb_agg(jsonb_build_object('title', s.title, 'source', s.source)
                       order by s.order_index)
      from tasks.subtasks s where s.user_id = :user_id and s.task_id = t.id), '[]'),
    'reminders', coalesce((
      select jsonb_agg(jsonb_build_object('type', r.type, 'offset_minutes', r.offset_minutes,
                                          'method', r.method)
                       order by r.id)
      from tasks.reminders r
      where r.user_id = :user_id and r.task_id = t.id and r.type <> 'absolute'), '[]'))
  from tasks.task_instances t
  where t.user_id = :user_id and t.id = :id and p.user_id = :user_id and p.id = t.template_id
    and not exists (
      select from tasks.task_instances o
      where o.user_id = :user_id and o.template_id = t.template_id
        and o.occurrence_at > t.occurrence_at
    )
),
tombstone as (
  insert into tasks.deletion_tombstones
    (id, user_id, entity_type, entity_id, title, snapshot, deleted_at, recoverable_until, seq)
  select :tombstone_id, :user_id, 'task', t.id, t.title,
         jsonb_build_object(
           'task', to_jsonb(t) - '{search_text,closed_text}'::text[] || jsonb_build_object('focus_time_seconds', :focus_time_seconds::int),
           'subtasks', coalesce((
             select jsonb_agg(to_jsonb(s) - 'search_text' order by s.order_index)
             from tasks.subtasks s where s.user_id = :user_id and s.task_id = t.id), '[]'),
           'reminders', coalesce((
             select jsonb_agg(to_jsonb(r) order by r.scheduled_at, r.id)
             from tasks.reminders r where r.user_id = :user_id and r.task_id = t.id), '[]')),
         :now, :recoverable_until,
         1 + coalesce((
           select max(o.seq) from tasks.deletion_tombstones o where o.user_id = :user_id), 0)
  from tasks.task_instances t
  where t.user_id = :user_id and t.id = :id
)
delete from tasks.task_instances
where user_id = :user_id and id = :id

-- name: find_deleted
-- A deleted task, with two conditions of its restoration: whether any task has its id, and whether
-- its template exists and has no other task for the same occurrence.
select t.id, t.user_id, t.template_id, t.title, t.description, t.priority, t.due_date,
       t.estimated_duration, t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed, t.completed_at, t.completed_by,
       t.hidden, t.archived, t.subtask_count, t.subtask_completed_count, t.version, t.counted_at,
       t.created_at, t.updated_at,
       coalesce((
         select jsonb_agg(jsonb_build_object('version', 1) || s.subtask order by s.position)
         from jsonb_array_elements(d.snapshot -> 'subtasks') with ordinality as s (subtask, position)
       ), '[]') as subtasks,
       exists (select from tasks.task_instances o where o.id = t.id) as id_in_use,
       exists (
         select from tasks.task_templates p
         where p.user_id = :user_id and p.id = t.template_id
       ) and not exists (
         select from tasks.task_instances o
         where o.user_id = :user_id and o.template_id = t.template_id
           and o.occurrence_at = t.occurrence_at
       ) as template_available
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_record(null::tasks.task_instances, d.snapshot -> 'task') t
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'task'

-- name: restore_task
-- Inserts the snapshot's values unchanged. The occurrence is kept only together with the template.
with counted as (
  update auth.users
  set open_tasks = open_tasks + :open_delta, shown_tasks = shown_tasks + :shown_delta
  where id = :user_id and :shown_delta <> 0
    and set_config('flow.shown_counted', 'on', true) = 'on'
)
insert into tasks.task_instances
  (id, user_id, template_id, occurrence_at, title, description, priority, due_date,
   estimated_duration, due_on, start_on, list_id, position, label_ids,
   focus_time_seconds, completed, completed_at, completed_by, hidden, archived,
   skipped_at, subtask_count, subtask_completed_count, counted_at, version, created_at, updated_at)
select t.id, d.user_id, :template_id::uuid,
       case when t.template_id is not distinct from :template_id::uuid then t.occurrence_at end,
       t.title, t.description, t.priority, :due_date::timestamptz, t.estimated_duration,
       t.due_on, t.start_on,
       (select l.id from tasks.lists l where l.user_id = :user_id and l.id = t.list_id),
       t.position,
       array(
         select l.id
         from unnest(t.label_ids) with ordinality as given (id, position)
         join tasks.labels l on l.user_id = :user_id and l.id = given.id
         order by given.position
       ),
       t.focus_time_seconds,
       t.completed, t.completed_at, t.completed_by, t.hidden, t.archived, t.skipped_at,
       t.subtask_count, t.subtask_completed_count, t.counted_at, :version, t.created_at, t.updated_at
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_record(null::tasks.task_instances, d.snapshot -> 'task') t
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'task'

-- name: restore_subtasks
-- Runs after restore_task. Subtasks that were deleted by earlier releases have no version.
insert into tasks.subtasks
  (id, user_id, task_id, title, completed, completed_at, order_index, source, version, created_at,
   updated_at)
select s.id, d.user_id, d.entity_id, s.title, s.completed, s.completed_at, s.order_index, s.source,
       coalesce(s.version, 1), s.created_at, s.updated_at
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_recordset(null::tasks.subtasks, d.snapshot -> 'subtasks') s
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'task'

-- name: make_room
-- Moves the subtasks from this position on, before one is inserted there.
update tasks.subtasks
set order_index = order_index + 1, version = version + 1
where user_id = :user_id and task_id = :task_id and order_index >= :order_index

-- name: insert_subtask
insert into tasks.subtasks
  (id, user_id, task_id, title, completed, order_index, source, created_at, updated_at)
values (:id, :user_id, :task_id, :title, false, :order_index, :source, :now, :now)

-- name: store_subtask
update tasks.subtasks
set title = :title, completed = :completed, completed_at = :completed_at::timestamptz,
    version = :version, updated_at = :updated_at
where user_id = :user_id and id = :id

-- name: complete_open_subtasks
-- For forced completion of the task.
update tasks.subtasks
set completed = true, completed_at = :now, version = version + 1, updated_at = :now
where user_id = :user_id and task_id = :task_id and not completed

-- name: place_subtasks
-- The list contains each subtask of the task once. Those that keep their position stay unchanged.
update tasks.subtasks s
set order_index = new_order.position - 1, version = s.version + 1
from unnest(:subtask_ids::uuid[]) with ordinality as new_order (id, position)
where s.user_id = :user_id and s.task_id = :task_id and s.id = new_order.id
  and s.order_index <> new_order.position - 1

-- name: delete_subtask
delete from tasks.subtasks
where user_id = :user_id and id = :id

-- name: close_gap
-- Moves the subtasks after a deleted one.
update tasks.subtasks
set order_index = order_index - 1, version = version + 1
where user_id = :user_id and task_id = :task_id and order_index > :order_index

-- name: find_by_ids
-- For synchronization.
select t.id, t.user_id, t.template_id, t.title, t.description, t.priority, t.due_date,
       t.estimated_duration, t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed, t.completed_at, t.completed_by,
       t.hidden, t.archived, t.subtask_count, t.subtask_completed_count, t.version, t.counted_at,
       t.created_at, t.updated_at,
       case when t.subtask_count = 0 then '[]' else (
         select '[' || string_agg(row_to_json(subtask)::text, ',' order by order_index) || ']'
         from (
           select s.id, s.task_id, s.title, s.completed,
                  to_char(s.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as completed_at,
                  s.order_index, s.source, s.version,
                  to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
                  to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
           from tasks.subtasks s
           where s.user_id = :user_id and s.task_id = t.id
         ) subtask
       ) end as subtasks
from tasks.task_instances t
where t.user_id = :user_id and t.id = any(:ids)

-- name: list_by_id
-- For snapshots; the primary key serves it.
select t.id, t.user_id, t.template_id, t.title, t.description, t.priority, t.due_date,
       t.estimated_duration, t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed, t.completed_at, t.completed_by,
       t.hidden, t.archived, t.subtask_count, t.subtask_completed_count, t.version, t.counted_at,
       t.created_at, t.updated_at,
       case when t.subtask_count = 0 then '[]' else (
         select '[' || string_agg(row_to_json(subtask)::text, ',' order by order_index) || ']'
         from (
           select s.id, s.task_id, s.title, s.completed,
                  to_char(s.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as completed_at,
                  s.order_index, s.source, s.version,
                  to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at,
                  to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at
           from tasks.subtasks s
           where s.user_id = :user_id and s.task_id = t.id
         ) subtask
       ) end as subtasks
from tasks.task_instances t
where t.user_id = :user_id and t.id > :after
order by t.id
limit :limit

-- name: find_subtasks_by_ids
select id, version
from tasks.subtasks
where user_id = :user_id and id = any(:ids)

-- name: find_equal_tasks
-- For undo. The due date of an all-day task follows from its day.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.task_instances t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(
    t, c.before - case when t.due_on is not null and c.before -> 'due_on' is null then 'due_date' else '' end
  ) is not distinct from t

-- name: remove_created_tasks
-- For undo. Its reminders, subtasks and focus sessions are deleted by cascade. The trigger counts the
-- shown tasks, because an earlier statement of the transaction may have set that it must not.
delete from tasks.task_instances
where user_id = :user_id and id = any(:ids)
  and set_config('flow.shown_counted', 'off', true) = 'off'

-- name: list_open_days
-- With the user's time zone. Two parts, because an index has the tasks of each.
select t.id, t.due_on, t.due_date, u.timezone
from auth.users u
cross join lateral (
  select id, due_on, due_date
  from tasks.task_instances
  where user_id = :user_id and not completed and not hidden and not archived and due_on is not null
  union all
  select id, due_on, due_date
  from tasks.task_instances
  where user_id = :user_id and (hidden or archived) and not completed and due_on is not null
) t
where u.id = :user_id

-- name: move_days
-- The arrays have one element for each task.
update tasks.task_instances t
set due_date = moved.due_date, version = t.version + 1, updated_at = :now
from unnest(:ids::uuid[], :due_dates::text[]::timestamptz[]) as moved (id, due_date)
where t.user_id = :user_id and t.id = moved.id

-- name: set_former_task_values
-- For undo; the trigger counts the shown tasks.
update tasks.task_instances t
set title = r.title,
    description = r.description,
    priority = r.priority,
    due_date = r.due_date,
    due_on = r.due_on,
    start_on = r.start_on,
    estimated_duration = r.estimated_duration,
    list_id = (select l.id from tasks.lists l where l.user_id = :user_id and l.id = r.list_id),
    position = r.position,
    label_ids = array(
      select l.id
      from unnest(r.label_ids) with ordinality as given (id, position)
      join tasks.labels l on l.user_id = :user_id and l.id = given.id
      order by given.position
    ),
    focus_time_seconds = r.focus_time_seconds,
    completed = r.completed,
    completed_at = r.completed_at,
    completed_by = r.completed_by,
    hidden = r.hidden,
    archived = r.archived,
    skipped_at = r.skipped_at,
    subtask_count = r.subtask_count,
    subtask_completed_count = r.subtask_completed_count,
    counted_at = r.counted_at,
    template_id = r.template_id,
    occurrence_at = r.occurrence_at,
    version = o.version + 1,
    updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.task_instances o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where t.user_id = :user_id and t.id = c.id

-- name: restore_templates_of_tasks
-- For the undo of a template's deletion, which has set them to null. A task whose template or
-- occurrence is no longer available keeps none.
update tasks.task_instances t
set template_id = p.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.task_templates p on p.user_id = :user_id and p.id = (c.before ->> 'template_id')::uuid
where t.user_id = :user_id and t.id = c.id and t.template_id is null
  and not exists (
    select from tasks.task_instances o
    where o.user_id = :user_id and o.template_id = p.id and o.occurrence_at = t.occurrence_at
  )

-- name: insert_former_tasks
-- For undo; the trigger counts the shown tasks. A task whose template or occurrence is no longer
-- available is inserted without a template.
insert into tasks.task_instances
  (id, user_id, template_id, occurrence_at, title, description, priority, due_date,
   estimated_duration, due_on, start_on, list_id, position, label_ids,
   focus_time_seconds, completed, completed_at, completed_by, hidden, archived,
   skipped_at, subtask_count, subtask_completed_count, counted_at, version, created_at, updated_at)
select c.id, :user_id, p.id, case when r.template_id is null or p.id is not null then r.occurrence_at end,
       r.title, r.description, r.priority, r.due_date, r.estimated_duration,
       r.due_on, r.start_on,
       (select l.id from tasks.lists l where l.user_id = :user_id and l.id = r.list_id),
       r.position,
       array(
         select l.id
         from unnest(r.label_ids) with ordinality as given (id, position)
         join tasks.labels l on l.user_id = :user_id and l.id = given.id
         order by given.position
       ),
       r.focus_time_seconds,
       r.completed, r.completed_at, r.completed_by, r.hidden, r.archived, r.skipped_at,
       r.subtask_count, r.subtask_completed_count, r.counted_at, r.version + 1, r.created_at, r.updated_at
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.task_instances, c.before) r
left join tasks.task_templates p
  on p.user_id = :user_id and p.id = r.template_id
  and not exists (
    select from tasks.task_instances o
    where o.user_id = :user_id and o.template_id = p.id and o.occurrence_at = r.occurrence_at
  )
where set_config('flow.shown_counted', 'off', true) = 'off'

-- name: find_equal_subtasks
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.subtasks t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: remove_created_subtasks
-- For undo.
delete from tasks.subtasks
where user_id = :user_id and id = any(:ids)

-- name: set_former_subtask_values
-- For undo.
update tasks.subtasks s
set title = r.title,
    completed = r.completed,
    completed_at = r.completed_at,
    order_index = r.order_index,
    version = o.version + 1,
    updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.subtasks o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where s.user_id = :user_id and s.id = c.id

-- name: insert_former_subtasks
-- For undo.
insert into tasks.subtasks
  (id, user_id, task_id, title, completed, completed_at, order_index, source, version, created_at,
   updated_at)
select c.id, :user_id, r.task_id, r.title, r.completed, r.completed_at, r.order_index, r.source,
       r.version + 1, r.created_at, r.updated_at
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.subtasks, c.before) r
