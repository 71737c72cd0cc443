-- Lists and labels. docs/decisions/lists.md
--
-- The expressions for list and position of a task are those of the index task_instances_position
-- (migration V32).

-- name: list_lists
-- One row with a null id if there are none; no row means that the account does not exist. The index
-- of positions counts the open tasks.
select l.id, l.user_id, l.name, l.position, l.archived, l.version, l.created_at, l.updated_at,
       (select count(*)::int
        from tasks.task_instances t
        where t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
          and not t.completed and not t.hidden and not t.archived) as open_count
from auth.users u
left join tasks.lists l on l.user_id = :user_id and l.archived = :archived
where u.id = :user_id
order by l.position, l.id

-- name: find_list
select l.id, l.user_id, l.name, l.position, l.archived, l.version, l.created_at, l.updated_at,
       (select count(*)::int
        from tasks.task_instances t
        where t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
          and not t.completed and not t.hidden and not t.archived) as open_count
from tasks.lists l
where l.user_id = :user_id and l.id = :id

-- name: find_list_owner
-- Runs only if the user has no such list: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.lists where id = :id) as elsewhere

-- name: find_end
-- Runs under the owner's lock, so that the result holds until the commit.
select count(*)::int as lists, max(position) as last
from tasks.lists
where user_id = :user_id

-- name: find_neighbouring_lists
-- The positions before and after a place. No row if the neighbour does not exist.
with neighbour as (
  select position, id
  from tasks.lists
  where user_id = :user_id and id = :neighbour::uuid
  union all
  select case when :before then '' else '~' end, null
  where :neighbour::uuid is null
)
select case
         when not :before and n.id is not null then n.position
         else (
           select l.position
           from tasks.lists l
           where l.user_id = :user_id and l.id <> :moved
             and (l.position < n.position or (l.position = n.position and l.id < n.id))
           order by l.position desc, l.id desc
           limit 1
         )
       end as previous,
       case
         when :before and n.id is not null then n.position
         else (
           select l.position
           from tasks.lists l
           where l.user_id = :user_id and l.id <> :moved
             and (l.position > n.position or (l.position = n.position and l.id > n.id))
           order by l.position, l.id
           limit 1
         )
       end as next
from neighbour n

-- name: renumber_lists
-- Gives the lists positions as if they had been created one after another until now, in their
-- present order.
update tasks.lists l
set position = lpad(to_hex(
      (extract(epoch from :now - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint - o.following), 12, '0') || 'V',
    version = l.version + 1,
    updated_at = :now
from (
  select id, row_number() over (order by position desc, id desc) as following
  from tasks.lists
  where user_id = :user_id and id is distinct from :moved::uuid
) o
where l.user_id = :user_id and l.id = o.id

-- name: insert_list
insert into tasks.lists (id, user_id, name, position, archived, created_at, updated_at)
values (:id, :user_id, :name, :position, :archived, :now, :now)

-- name: store_list
update tasks.lists
set name = :name, position = :position, archived = :archived, version = :version,
    updated_at = :updated_at
where user_id = :user_id and id = :id

-- name: delete_list
delete from tasks.lists
where user_id = :user_id and id = :id

-- name: find_position
-- Of a task that is in this list; hidden and archived ones count.
select coalesce(position,
         lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') as key
from tasks.task_instances
where user_id = :user_id and id = :id
  and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :place

-- name: find_neighbours
-- The positions before and after a place in a list, without the moved task: four steps into the
-- index, because that separates open and completed tasks.
select greatest(
         (select coalesce(position,
            lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C" as key
          from tasks.task_instances
          where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :place
            and not completed and not hidden and not archived and id <> :moved
            and (coalesce(position,
              lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C", id)
              < (:key::text collate "C", :neighbour::uuid)
          order by 1 desc, id desc
          limit 1),
         (select coalesce(position,
            lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C" as key
          from tasks.task_instances
          where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :place
            and completed and not hidden and not archived and id <> :moved
            and (coalesce(position,
              lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C", id)
              < (:key::text collate "C", :neighbour::uuid)
          order by 1 desc, id desc
          limit 1)
       ) as previous,
       least(
         (select coalesce(position,
            lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C" as key
          from tasks.task_instances
          where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :place
            and not completed and not hidden and not archived and id <> :moved
            and (coalesce(position,
              lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C", id)
              > (:key::text collate "C", :neighbour::uuid)
          order by 1, id
          limit 1),
         (select coalesce(position,
            lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C" as key
          from tasks.task_instances
          where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :place
            and completed and not hidden and not archived and id <> :moved
            and (coalesce(position,
              lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C", id)
              > (:key::text collate "C", :neighbour::uuid)
          order by 1, id
          limit 1)
       ) as next

-- name: renumber_tasks
-- Gives the shown tasks of a list positions as if they had been created one after another until now,
-- in their present order. The moved task gets its own.
update tasks.task_instances t
set position = lpad(to_hex(
      (extract(epoch from :now - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint - o.following), 12, '0') || 'V',
    version = t.version + 1,
    updated_at = :now
from (
  select id,
         row_number() over (order by coalesce(position,
           lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C" desc,
           id desc) as following
  from tasks.task_instances
  where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :place
    and not hidden and not archived and id <> :moved
) o
where t.user_id = :user_id and t.id = o.id

-- name: count_tasks
-- Runs under the owner's lock, so that the result holds until the commit.
select count(*)::int as tasks,
       (count(*) filter (where not completed and not hidden and not archived))::int as open
from tasks.task_instances
where user_id = :user_id and list_id = :id

-- name: move_tasks_to_inbox
-- At most :limit of them.
update tasks.task_instances
set list_id = null, version = version + 1, updated_at = :now
where user_id = :user_id and id = any(array(
    select id from tasks.task_instances where user_id = :user_id and list_id = :id limit :limit
  ))

-- name: move_templates_to_inbox
update tasks.task_templates
set list_id = null, active = active and not :deactivated, version = version + 1, updated_at = :now
where user_id = :user_id and list_id = :id

-- name: find_focus
-- The running focus session of a task of the list.
select f.task_id, f.started_at
from tasks.focus_sessions f
join tasks.task_instances t on t.user_id = :user_id and t.id = f.task_id
where f.user_id = :user_id and f.ended_at is null and t.list_id = :id

-- name: find_templates_elsewhere
-- Templates that are not in the list, and lose their open instance with it.
select distinct p.id
from tasks.task_instances t
join tasks.task_templates p on p.user_id = :user_id and p.id = t.template_id
where t.user_id = :user_id and t.list_id = :id and not t.completed
  and p.list_id is distinct from :id

-- name: keep_parts
-- As delete_task does for one task: of the newest instances of templates, what the next one copies.
update tasks.task_templates p
set deleted_parts = jsonb_build_object(
  'occurrence_at', t.occurrence_at,
  'ended_at', coalesce(t.completed_at, t.skipped_at, :now),
  'subtasks', coalesce((
    select jsonb_agg(jsonb_build_object('title', s.title, 'source', s.source) order by s.order_index)
    from tasks.subtasks s where s.user_id = :user_id and s.task_id = t.id), '[]'),
  'reminders', coalesce((
    select jsonb_agg(jsonb_build_object('type', r.type, 'offset_minutes', r.offset_minutes,
                                        'method', r.method)
                     order by r.id)
    from tasks.reminders r
    where r.user_id = :user_id and r.task_id = t.id and r.type <> 'absolute'), '[]'))
from tasks.task_instances t
where t.user_id = :user_id and t.list_id = :id and p.user_id = :user_id and p.id = t.template_id
  and not exists (
    select from tasks.task_instances o
    where o.user_id = :user_id and o.template_id = t.template_id
      and o.occurrence_at > t.occurrence_at
  )

-- name: insert_tombstone
-- A snapshot of the list with all its tasks, and of which templates are in it. Includes the time of
-- a running focus session.
with listed as materialized (
  select t.id, t.created_at,
         to_jsonb(t) - '{search_text,closed_text}'::text[]
           || case when t.id = :focus_task_id::uuid
                then jsonb_build_object('focus_time_seconds', t.focus_time_seconds + :focus_seconds)
                else '{}' end as task
  from tasks.task_instances t
  where t.user_id = :user_id and t.list_id = :id
)
insert into tasks.deletion_tombstones
  (id, user_id, entity_type, entity_id, title, snapshot, deleted_at, recoverable_until, seq)
select :tombstone_id, :user_id, 'list', l.id, l.name,
       jsonb_build_object(
         'list', to_jsonb(l),
         'tasks', coalesce((select jsonb_agg(t.task order by t.created_at, t.id) from listed t), '[]'),
         'subtasks', coalesce((
           select jsonb_agg(to_jsonb(s) - 'search_text' order by s.task_id, s.order_index)
           from listed t
           join tasks.subtasks s on s.user_id = :user_id and s.task_id = t.id), '[]'),
         'reminders', coalesce((
           select jsonb_agg(to_jsonb(r) order by r.scheduled_at, r.id)
           from listed t
           join tasks.reminders r on r.user_id = :user_id and r.task_id = t.id), '[]'),
         'templates', coalesce((
           select jsonb_agg(jsonb_build_object('id', p.id, 'active', p.active, 'version', p.version + 1))
           from tasks.task_templates p
           where p.user_id = :user_id and p.list_id = :id), '[]')),
       :now, :recoverable_until,
       1 + coalesce((
         select max(o.seq) from tasks.deletion_tombstones o where o.user_id = :user_id), 0)
from tasks.lists l
where l.user_id = :user_id and l.id = :id

-- name: delete_tasks
-- Subtasks, reminders and focus sessions are deleted by cascade. The trigger counts the shown tasks,
-- because an earlier statement of the transaction may have set that it must not.
delete from tasks.task_instances
where user_id = :user_id and list_id = :id
  and set_config('flow.shown_counted', 'off', true) = 'off'

-- name: find_deleted
select d.entity_id as id,
       jsonb_array_length(d.snapshot -> 'tasks') as tasks,
       jsonb_array_length(d.snapshot -> 'subtasks') as subtasks,
       exists (select from tasks.lists l where l.id = d.entity_id)
       or exists (
         select from tasks.task_instances o
         where o.id in (
           select (t ->> 'id')::uuid from jsonb_array_elements(d.snapshot -> 'tasks') as t
         )
       ) as id_in_use
from tasks.deletion_tombstones d
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'list'

-- name: restore_list
insert into tasks.lists (id, user_id, name, position, archived, version, created_at, updated_at)
select l.id, d.user_id, l.name, l.position, l.archived, l.version + 1, l.created_at, l.updated_at
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_record(null::tasks.lists, d.snapshot -> 'list') l
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'list'

-- name: restore_templates
-- Those that have not changed since; returns the ones that are active again.
with restored as (
  update tasks.task_templates p
  set list_id = d.entity_id, active = r.active, version = p.version + 1, updated_at = :now
  from tasks.deletion_tombstones d
  cross join lateral jsonb_to_recordset(d.snapshot -> 'templates') as r (id uuid, active boolean, version integer)
  where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'list'
    and p.user_id = :user_id and p.id = r.id and p.version = r.version
  returning p.id, p.active
)
select id from restored where active

-- name: restore_tasks
-- Inserts values of the snapshot unchanged, of at most :limit tasks after the first :skipped ones. A task
-- whose template or occurrence is no longer available is inserted without a template; labels that are
-- deleted are left out.
with restored as (
  insert into tasks.task_instances
    (id, user_id, template_id, occurrence_at, title, description, priority, due_date,
     estimated_duration, due_on, start_on, list_id, position, label_ids, focus_time_seconds, completed,
     completed_at, completed_by, hidden, archived, skipped_at, subtask_count,
     subtask_completed_count, counted_at, version, created_at, updated_at)
  select t.id, d.user_id, p.id,
         case when t.template_id is null or p.id is not null then t.occurrence_at end,
         t.title, t.description, t.priority, t.due_date, t.estimated_duration, t.due_on, t.start_on,
         d.entity_id, t.position,
         array(
           select l.id
           from unnest(t.label_ids) with ordinality as given (id, position)
           join tasks.labels l on l.user_id = :user_id and l.id = given.id
           order by given.position
         ),
         t.focus_time_seconds, t.completed, t.completed_at, t.completed_by, t.hidden, t.archived,
         t.skipped_at, t.subtask_count, t.subtask_completed_count, t.counted_at, t.version + 1, t.created_at,
         t.updated_at
  from tasks.deletion_tombstones d
  cross join lateral jsonb_array_elements(d.snapshot -> 'tasks') with ordinality as e (task, number)
  cross join lateral jsonb_populate_record(null::tasks.task_instances, e.task) t
  left join tasks.task_templates p
    on p.user_id = :user_id and p.id = t.template_id
    and not exists (
      select from tasks.task_instances o
      where o.user_id = :user_id and o.template_id = p.id and o.occurrence_at = t.occurrence_at
    )
  where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'list'
    and e.number > :skipped::int and e.number <= :skipped::int + :limit::int
    and set_config('flow.shown_counted', 'off', true) = 'off'
  returning completed, hidden, archived
)
select count(*)::int as tasks,
       (count(*) filter (where not completed and not hidden and not archived))::int as open
from restored

-- name: restore_subtasks
-- At most :limit after the first :skipped ones.
insert into tasks.subtasks
  (id, user_id, task_id, title, completed, completed_at, order_index, source, version, created_at,
   updated_at)
select s.id, d.user_id, s.task_id, s.title, s.completed, s.completed_at, s.order_index, s.source,
       s.version, s.created_at, s.updated_at
from tasks.deletion_tombstones d
cross join lateral jsonb_array_elements(d.snapshot -> 'subtasks') with ordinality as e (subtask, number)
cross join lateral jsonb_populate_record(null::tasks.subtasks, e.subtask) s
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'list'
  and e.number > :skipped::int and e.number <= :skipped::int + :limit::int

-- name: list_labels
-- One row with a null id if there are none; no row means that the account does not exist.
select l.id, l.user_id, l.name, l.colour, l.version, l.created_at, l.updated_at
from auth.users u
left join tasks.labels l on l.user_id = :user_id
where u.id = :user_id
order by l.name_key

-- name: find_label
select id, user_id, name, colour, version, created_at, updated_at
from tasks.labels
where user_id = :user_id and id = :id

-- name: find_label_owner
-- Runs only if the user has no such label: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.labels where id = :id) as elsewhere

-- name: find_label_of_name
-- Another label with that name. Runs under the owner's lock, so that the result holds until the
-- commit.
select name
from tasks.labels
where user_id = :user_id and name_key = search.folded(:name) and id is distinct from :id::uuid

-- name: count_labels
-- Runs under the owner's lock.
select count(*)::int as labels
from tasks.labels
where user_id = :user_id

-- name: insert_label
insert into tasks.labels (id, user_id, name, colour, created_at, updated_at)
values (:id, :user_id, :name, :colour, :now, :now)

-- name: store_label
update tasks.labels
set name = :name, colour = :colour, version = :version, updated_at = :updated_at
where user_id = :user_id and id = :id

-- name: delete_label
-- A trigger removes it from tasks and templates.
delete from tasks.labels
where user_id = :user_id and id = :id

-- name: find_lists_by_ids
-- For synchronization.
select id, user_id, name, position, archived, version, created_at, updated_at
from tasks.lists
where user_id = :user_id and id = any(:ids)

-- name: list_lists_by_id
-- For snapshots; the primary key serves it.
select id, user_id, name, position, archived, version, created_at, updated_at
from tasks.lists
where user_id = :user_id and id > :after
order by id
limit :limit

-- name: find_labels_by_ids
-- For synchronization.
select id, user_id, name, colour, version, created_at, updated_at
from tasks.labels
where user_id = :user_id and id = any(:ids)

-- name: list_labels_by_id
-- For snapshots; the primary key serves it.
select id, user_id, name, colour, version, created_at, updated_at
from tasks.labels
where user_id = :user_id and id > :after
order by id
limit :limit

-- name: find_other_contents
-- For undo: whether lists contain tasks or templates besides these.
select exists (
         select from tasks.task_instances t
         where t.user_id = :user_id and t.list_id = any(:lists) and t.id <> all(:ids)
       ) or exists (
         select from tasks.task_templates p
         where p.user_id = :user_id and p.list_id = any(:lists) and p.id <> all(:ids)
       ) as present

-- name: find_equal_lists
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.lists t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: remove_created_lists
-- For undo.
delete from tasks.lists
where user_id = :user_id and id = any(:ids)

-- name: set_former_list_values
-- For undo.
update tasks.lists l
set name = r.name, position = r.position, archived = r.archived, version = o.version + 1,
    updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.lists o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where l.user_id = :user_id and l.id = c.id

-- name: insert_former_lists
-- For undo.
insert into tasks.lists (id, user_id, name, position, archived, version, created_at, updated_at)
select c.id, :user_id, r.name, r.position, r.archived, r.version + 1, r.created_at, r.updated_at
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.lists, c.before) r

-- name: find_equal_labels
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.labels t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before - 'name_key') is not distinct from t

-- name: find_taken_names
-- For undo: whether another label has a name that a label is to get again.
select exists (
         select from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
         join tasks.labels o
           on o.user_id = :user_id and o.id <> c.id and o.name_key = search.folded(c.before ->> 'name')
       ) as present

-- name: remove_created_labels
-- For undo; a trigger removes them from tasks and templates.
delete from tasks.labels
where user_id = :user_id and id = any(:ids)

-- name: set_former_label_values
-- For undo.
update tasks.labels l
set name = r.name, colour = r.colour, version = o.version + 1, updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.labels o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where l.user_id = :user_id and l.id = c.id

-- name: insert_former_labels
-- For undo.
insert into tasks.labels (id, user_id, name, colour, version, created_at, updated_at)
select c.id, :user_id, r.name, r.colour, r.version + 1, r.created_at, r.updated_at
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.labels, c.before) r
