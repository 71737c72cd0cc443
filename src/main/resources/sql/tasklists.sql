-- The lists of tasks, one statement per order, and for open tasks, for hidden or archived ones and for
-- searches two more each. docs/decisions/list-orders.md
--
-- In all of them, an empty page is one row with the total, and no row means that the account does not
-- exist. :after_key and :after_id are the position that the page follows; without one they precede
-- every row, so that the index condition is the same. Unless a list is asked for, the tasks of archived
-- lists are left out: of a task in the inbox nothing is evaluated, of others the ids beside the user or,
-- where many tasks are read, a hash table. A page by offset has a total (:counted), which is a counter
-- unless :filtered; a page by cursor has sort keys.

-- name: list_newest
-- Neither hidden nor archived tasks, newest first: the default. Reads the page through its index,
-- however many tasks the user has. Has no optional filters, because their generic plan seems worse
-- than one for the values of each execution, so the server would plan each execution.
select case when :counted then u.shown_tasks - case
         when u.archived_lists = '{}' then 0
         else tasks.count_shown_in(u.id, u.archived_lists, null)
       end end as total,
       case when not :counted then t.created_at::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, user_id, template_id, title, description, priority, due_date, estimated_duration,
  due_on, start_on, list_id, position, label_ids,
         focus_time_seconds, completed, completed_at, completed_by, hidden, archived, subtask_count,
         subtask_completed_count, version, counted_at, created_at, updated_at
  from tasks.task_instances
  where user_id = :user_id and not hidden and not archived
    and (created_at, id) < (:after_key::timestamptz, :after_id::uuid)
    and (list_id is null or list_id <> all (u.archived_lists))
  order by created_at desc, id desc
  limit :limit offset :offset
) t on true
where u.id = :user_id
order by t.created_at desc, t.id desc

-- name: list_newest_narrowed
-- As list_newest, with filters. Of the tasks that it may skip for :completed, the open ones are few.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not hidden and not archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         when :completed then u.shown_tasks - u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and t.completed and not t.hidden and not t.archived
         )
         else u.shown_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then t.created_at::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, user_id, template_id, title, description, priority, due_date, estimated_duration,
  due_on, start_on, list_id, position, label_ids,
         focus_time_seconds, completed, completed_at, completed_by, hidden, archived, subtask_count,
         subtask_completed_count, version, counted_at, created_at, updated_at
  from tasks.task_instances
  where user_id = :user_id and not hidden and not archived
    and (created_at, id) < (:after_key::timestamptz, :after_id::uuid)
    and (:completed::boolean is null or completed = :completed)
    and (:priority::text is null or priority = :priority)
    and (:due_before::timestamptz is null or due_date < :due_before)
    and (:due_after::timestamptz is null or due_date >= :due_after)
    and (:template_id::uuid is null or template_id = :template_id)
    and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
    and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
    and (:list_id::uuid is not null or list_id is null or list_id not in (
      select l.id from tasks.lists l where l.user_id = :user_id and l.archived
    ))
  order by created_at desc, id desc
  limit :limit offset :offset
) t on true
where u.id = :user_id
order by t.created_at desc, t.id desc

-- name: list_oldest
-- As above, oldest first.
select case when :counted then u.shown_tasks - case
         when u.archived_lists = '{}' then 0
         else tasks.count_shown_in(u.id, u.archived_lists, null)
       end end as total,
       case when not :counted then t.created_at::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, user_id, template_id, title, description, priority, due_date, estimated_duration,
  due_on, start_on, list_id, position, label_ids,
         focus_time_seconds, completed, completed_at, completed_by, hidden, archived, subtask_count,
         subtask_completed_count, version, counted_at, created_at, updated_at
  from tasks.task_instances
  where user_id = :user_id and not hidden and not archived
    and (created_at, id) > (:after_key::timestamptz, :after_id::uuid)
    and (list_id is null or list_id <> all (u.archived_lists))
  order by created_at, id
  limit :limit offset :offset
) t on true
where u.id = :user_id
order by t.created_at, t.id

-- name: list_oldest_narrowed
-- As above, oldest first.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not hidden and not archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         when :completed then u.shown_tasks - u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and t.completed and not t.hidden and not t.archived
         )
         else u.shown_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then t.created_at::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, user_id, template_id, title, description, priority, due_date, estimated_duration,
  due_on, start_on, list_id, position, label_ids,
         focus_time_seconds, completed, completed_at, completed_by, hidden, archived, subtask_count,
         subtask_completed_count, version, counted_at, created_at, updated_at
  from tasks.task_instances
  where user_id = :user_id and not hidden and not archived
    and (created_at, id) > (:after_key::timestamptz, :after_id::uuid)
    and (:completed::boolean is null or completed = :completed)
    and (:priority::text is null or priority = :priority)
    and (:due_before::timestamptz is null or due_date < :due_before)
    and (:due_after::timestamptz is null or due_date >= :due_after)
    and (:template_id::uuid is null or template_id = :template_id)
    and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
    and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
    and (:list_id::uuid is not null or list_id is null or list_id not in (
      select l.id from tasks.lists l where l.user_id = :user_id and l.archived
    ))
  order by created_at, id
  limit :limit offset :offset
) t on true
where u.id = :user_id
order by t.created_at, t.id

-- name: list_open_by_due
-- Open tasks, soonest due first, those without a due date last. Reads the page through its index.
select case when :counted then u.open_tasks - case
         when u.archived_lists = '{}' then 0
         else tasks.count_shown_in(u.id, u.archived_lists, false)
       end end as total,
       case when not :counted then coalesce(t.due_date, 'infinity')::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, user_id, template_id, title, description, priority, due_date, estimated_duration,
  due_on, start_on, list_id, position, label_ids,
         focus_time_seconds, completed, completed_at, completed_by, hidden, archived, subtask_count,
         subtask_completed_count, version, counted_at, created_at, updated_at
  from tasks.task_instances
  where user_id = :user_id and not completed and not hidden and not archived
    and (coalesce(due_date, 'infinity'), id) > (:after_key::timestamptz, :after_id::uuid)
    and (list_id is null or list_id <> all (u.archived_lists))
  order by coalesce(due_date, 'infinity'), id
  limit :limit offset :offset
) t on true
where u.id = :user_id
order by coalesce(t.due_date, 'infinity'), t.id

-- name: list_open_by_due_narrowed
-- As above, with filters.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not completed and not hidden and not archived
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         else u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.completed and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then coalesce(t.due_date, 'infinity')::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, user_id, template_id, title, description, priority, due_date, estimated_duration,
  due_on, start_on, list_id, position, label_ids,
         focus_time_seconds, completed, completed_at, completed_by, hidden, archived, subtask_count,
         subtask_completed_count, version, counted_at, created_at, updated_at
  from tasks.task_instances
  where user_id = :user_id and not completed and not hidden and not archived
    and (coalesce(due_date, 'infinity'), id) > (:after_key::timestamptz, :after_id::uuid)
    and (:priority::text is null or priority = :priority)
    and (:due_before::timestamptz is null or due_date < :due_before)
    and (:due_after::timestamptz is null or due_date >= :due_after)
    and (:template_id::uuid is null or template_id = :template_id)
    and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
    and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
    and (:list_id::uuid is not null or list_id is null or list_id not in (
      select l.id from tasks.lists l where l.user_id = :user_id and l.archived
    ))
  order by coalesce(due_date, 'infinity'), id
  limit :limit offset :offset
) t on true
where u.id = :user_id
order by coalesce(t.due_date, 'infinity'), t.id

-- name: list_soonest_due
-- Neither hidden nor archived tasks, in an order without an index: keeps the keys of the page while
-- it reads the keys of all, and joins the rows of the page. Without a due date last.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not hidden and not archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         when :completed then u.shown_tasks - u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and t.completed and not t.hidden and not t.archived
         )
         else u.shown_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, coalesce(due_date, 'infinity') as key
    from tasks.task_instances
    where user_id = :user_id and not hidden and not archived
      and (:completed::boolean is null or completed = :completed)
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) > (:after_key::timestamptz, :after_id::uuid)
  order by key, id
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key, page.id

-- name: list_latest_due
-- As above; without a due date last, too.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not hidden and not archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         when :completed then u.shown_tasks - u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and t.completed and not t.hidden and not t.archived
         )
         else u.shown_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, coalesce(due_date, '-infinity') as key
    from tasks.task_instances
    where user_id = :user_id and not hidden and not archived
      and (:completed::boolean is null or completed = :completed)
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) < (:after_key::timestamptz, :after_id::uuid)
  order by key desc, id desc
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key desc, page.id desc

-- name: list_highest_priority
-- As above.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not hidden and not archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         when :completed then u.shown_tasks - u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and t.completed and not t.hidden and not t.archived
         )
         else u.shown_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, case priority when 'high' then 0 when 'medium' then 1 else 2 end as key
    from tasks.task_instances
    where user_id = :user_id and not hidden and not archived
      and (:completed::boolean is null or completed = :completed)
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) > (:after_key::int, :after_id::uuid)
  order by key, id
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key, page.id

-- name: list_lowest_priority
-- As above.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not hidden and not archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         when :completed then u.shown_tasks - u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and t.completed and not t.hidden and not t.archived
         )
         else u.shown_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, case priority when 'high' then 0 when 'medium' then 1 else 2 end as key
    from tasks.task_instances
    where user_id = :user_id and not hidden and not archived
      and (:completed::boolean is null or completed = :completed)
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) < (:after_key::int, :after_id::uuid)
  order by key desc, id desc
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key desc, page.id desc

-- name: list_latest_updated
-- As above.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not hidden and not archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         when :completed then u.shown_tasks - u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and t.completed and not t.hidden and not t.archived
         )
         else u.shown_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, updated_at as key
    from tasks.task_instances
    where user_id = :user_id and not hidden and not archived
      and (:completed::boolean is null or completed = :completed)
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) < (:after_key::timestamptz, :after_id::uuid)
  order by key desc, id desc
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key desc, page.id desc

-- name: list_earliest_updated
-- As above.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not hidden and not archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         when :completed then u.shown_tasks - u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and t.completed and not t.hidden and not t.archived
         )
         else u.shown_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, updated_at as key
    from tasks.task_instances
    where user_id = :user_id and not hidden and not archived
      and (:completed::boolean is null or completed = :completed)
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) > (:after_key::timestamptz, :after_id::uuid)
  order by key, id
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key, page.id

-- name: list_open_ascending
-- Open tasks in all other orders: at most as many rows as a user may have open tasks. All keys are
-- times, priorities as seconds, so that one statement serves all orders of a direction.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not completed and not hidden and not archived
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         else u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.completed and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, case :order
             when 'due_date' then coalesce(due_date, 'infinity')
             when 'priority' then to_timestamp(case priority when 'high' then 0 when 'medium' then 1 else 2 end)
             when 'updated_at' then updated_at
             else created_at
           end as key
    from tasks.task_instances
    where user_id = :user_id and not completed and not hidden and not archived
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) > (:after_key::timestamptz, :after_id::uuid)
  order by key, id
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key, page.id

-- name: list_open_descending
-- As above, in descending order.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and not completed and not hidden and not archived
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
         else u.open_tasks - (
           select count(*)::int
           from tasks.lists l
           join tasks.task_instances t
             on t.user_id = :user_id and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
           where l.user_id = :user_id and l.archived and not t.completed and not t.hidden and not t.archived
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, case :order
             when 'due_date' then coalesce(due_date, '-infinity')
             when 'priority' then to_timestamp(case priority when 'high' then 0 when 'medium' then 1 else 2 end)
             when 'updated_at' then updated_at
             else created_at
           end as key
    from tasks.task_instances
    where user_id = :user_id and not completed and not hidden and not archived
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) < (:after_key::timestamptz, :after_id::uuid)
  order by key desc, id desc
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key desc, page.id desc

-- name: list_put_away_ascending
-- Hidden or archived tasks. They have no index but the primary key, and no counter.
select case
         when :counted then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and hidden = :hidden and archived = :archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, case :order
             when 'due_date' then coalesce(due_date, 'infinity')
             when 'priority' then to_timestamp(case priority when 'high' then 0 when 'medium' then 1 else 2 end)
             when 'updated_at' then updated_at
             else created_at
           end as key
    from tasks.task_instances
    where user_id = :user_id and hidden = :hidden and archived = :archived
      and (:completed::boolean is null or completed = :completed)
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) > (:after_key::timestamptz, :after_id::uuid)
  order by key, id
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key, page.id

-- name: list_put_away_descending
-- As above, in descending order.
select case
         when :counted then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and hidden = :hidden and archived = :archived
             and (:completed::boolean is null or completed = :completed)
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
             and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
             and (:list_id::uuid is not null or list_id is null or list_id not in (
               select l.id from tasks.lists l where l.user_id = :user_id and l.archived
             ))
         )
       end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    select id, case :order
             when 'due_date' then coalesce(due_date, '-infinity')
             when 'priority' then to_timestamp(case priority when 'high' then 0 when 'medium' then 1 else 2 end)
             when 'updated_at' then updated_at
             else created_at
           end as key
    from tasks.task_instances
    where user_id = :user_id and hidden = :hidden and archived = :archived
      and (:completed::boolean is null or completed = :completed)
      and (:priority::text is null or priority = :priority)
      and (:due_before::timestamptz is null or due_date < :due_before)
      and (:due_after::timestamptz is null or due_date >= :due_after)
      and (:template_id::uuid is null or template_id = :template_id)
      and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
      and (:list_id::uuid is not null or list_id is null or list_id not in (
        select l.id from tasks.lists l where l.user_id = :user_id and l.archived
      ))
  ) matching
  where (key, id) < (:after_key::timestamptz, :after_id::uuid)
  order by key desc, id desc
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key desc, page.id desc

-- name: list_by_position
-- The open or the completed tasks of a list, in its order. Reads the page through its index, and counts
-- in it unless :filtered.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id
             and completed = :completed and not hidden and not archived
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
         )
         else (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id
             and completed = :completed and not hidden and not archived
         )
       end as total,
       case when not :counted then page.key end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, coalesce(position,
             lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C" as key
  from tasks.task_instances
  where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id
    and completed = :completed and not hidden and not archived
    and (coalesce(position,
             lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C", id)
      > (:after_key::text collate "C", :after_id::uuid)
    and (:priority::text is null or priority = :priority)
    and (:due_before::timestamptz is null or due_date < :due_before)
    and (:due_after::timestamptz is null or due_date >= :due_after)
    and (:template_id::uuid is null or template_id = :template_id)
    and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
  order by key, id
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key, page.id

-- name: list_all_by_position
-- The open and the completed tasks of a list, in its order: merges two pages, because the index
-- separates them.
select case
         when not :counted then null
         when :filtered then (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id
             and not hidden and not archived
             and (:priority::text is null or priority = :priority)
             and (:due_before::timestamptz is null or due_date < :due_before)
             and (:due_after::timestamptz is null or due_date >= :due_after)
             and (:template_id::uuid is null or template_id = :template_id)
             and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
         )
         else (
           select count(*)::int
           from tasks.task_instances
           where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id
             and not hidden and not archived
         )
       end as total,
       case when not :counted then page.key end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join lateral (
  select id, key
  from (
    (
      select id, coalesce(position,
                 lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C" as key
      from tasks.task_instances
      where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id
        and not completed and not hidden and not archived
        and (coalesce(position,
                 lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C", id)
          > (:after_key::text collate "C", :after_id::uuid)
        and (:priority::text is null or priority = :priority)
        and (:due_before::timestamptz is null or due_date < :due_before)
        and (:due_after::timestamptz is null or due_date >= :due_after)
        and (:template_id::uuid is null or template_id = :template_id)
        and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      order by key, id
      limit :limit::bigint + :offset::bigint
    )
    union all
    (
      select id, coalesce(position,
                 lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C" as key
      from tasks.task_instances
      where user_id = :user_id and coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id
        and completed and not hidden and not archived
        and (coalesce(position,
                 lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C", id)
          > (:after_key::text collate "C", :after_id::uuid)
        and (:priority::text is null or priority = :priority)
        and (:due_before::timestamptz is null or due_date < :due_before)
        and (:due_after::timestamptz is null or due_date >= :due_after)
        and (:template_id::uuid is null or template_id = :template_id)
        and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
      order by key, id
      limit :limit::bigint + :offset::bigint
    )
  ) merged
  order by key, id
  limit :limit offset :offset
) page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key, page.id

-- name: search_ascending
-- Tasks that contain every word. Two words find completed, hidden and archived tasks through the
-- index of trigrams (migration V40), the longest of those that have three letters or digits in a row.
-- Without such a word, the index would be read as a whole, so all texts of the user are. What is found is
-- an array of ids, of which one index scan reads the tasks in order: a join looks up each by itself. Open
-- tasks are few and are read. Patterns are computed once; migration V17 explains their form.
with patterns as materialized (
  select array_agg(pattern order by has_trigram desc, length(pattern) desc, pattern) as best_first,
         bool_or(has_trigram) as indexed
  from (
    select '%' || regexp_replace(folded, '([\\%_])', '\\\1', 'g') || '%' as pattern,
           replace(folded, '_', ' ') ~ '\w{3}' as has_trigram
    from (select search.folded(word) as folded from unnest(:words::text[]) as word) words
  ) words
),
found as (
  select id, template_id, priority, due_date, list_id, label_ids, completed, hidden, archived, created_at,
         updated_at
  from tasks.task_instances
  where user_id = :user_id and not completed and not hidden and not archived
    and search_text like all ((select best_first from patterns)::text[])
  union all
  select id, template_id, priority, due_date, list_id, label_ids, completed, hidden, archived, created_at,
         updated_at
  from tasks.task_instances
  where (select indexed from patterns)
    and user_id = :user_id and id = any(array(
      select c.task_id
      from tasks.closed_texts c
      where c.user_id = :user_id
        and c.text like (select best_first[1] from patterns)
        and c.text like (select coalesce(best_first[2], '%') from patterns)
        and c.text like all ((select best_first[3:] from patterns)::text[])
    ))
  union all
  select id, template_id, priority, due_date, list_id, label_ids, completed, hidden, archived, created_at,
         updated_at
  from tasks.task_instances
  where not (select indexed from patterns)
    and user_id = :user_id and closed_text is not null
    and closed_text like all ((select best_first from patterns)::text[])
),
matching as materialized (
  select id, case :order
               when 'due_date' then coalesce(due_date, 'infinity')
               when 'priority' then to_timestamp(case priority when 'high' then 0 when 'medium' then 1 else 2 end)
               when 'updated_at' then updated_at
               else created_at
             end as key
  from found
  where hidden = :hidden and archived = :archived
    and (:completed::boolean is null or completed = :completed)
    and (:priority::text is null or priority = :priority)
    and (:due_before::timestamptz is null or due_date < :due_before)
    and (:due_after::timestamptz is null or due_date >= :due_after)
    and (:template_id::uuid is null or template_id = :template_id)
    and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
    and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
    and (:list_id::uuid is not null or list_id is null or list_id not in (
      select l.id from tasks.lists l where l.user_id = :user_id and l.archived
    ))
),
page as (
  select id, key
  from matching
  where (key, id) > (:after_key::timestamptz, :after_id::uuid)
  order by key, id
  limit :limit offset :offset
)
select case when :counted then (select count(*)::int from matching) end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key, page.id

-- name: search_descending
-- As above, in descending order.
with patterns as materialized (
  select array_agg(pattern order by has_trigram desc, length(pattern) desc, pattern) as best_first,
         bool_or(has_trigram) as indexed
  from (
    select '%' || regexp_replace(folded, '([\\%_])', '\\\1', 'g') || '%' as pattern,
           replace(folded, '_', ' ') ~ '\w{3}' as has_trigram
    from (select search.folded(word) as folded from unnest(:words::text[]) as word) words
  ) words
),
found as (
  select id, template_id, priority, due_date, list_id, label_ids, completed, hidden, archived, created_at,
         updated_at
  from tasks.task_instances
  where user_id = :user_id and not completed and not hidden and not archived
    and search_text like all ((select best_first from patterns)::text[])
  union all
  select id, template_id, priority, due_date, list_id, label_ids, completed, hidden, archived, created_at,
         updated_at
  from tasks.task_instances
  where (select indexed from patterns)
    and user_id = :user_id and id = any(array(
      select c.task_id
      from tasks.closed_texts c
      where c.user_id = :user_id
        and c.text like (select best_first[1] from patterns)
        and c.text like (select coalesce(best_first[2], '%') from patterns)
        and c.text like all ((select best_first[3:] from patterns)::text[])
    ))
  union all
  select id, template_id, priority, due_date, list_id, label_ids, completed, hidden, archived, created_at,
         updated_at
  from tasks.task_instances
  where not (select indexed from patterns)
    and user_id = :user_id and closed_text is not null
    and closed_text like all ((select best_first from patterns)::text[])
),
matching as materialized (
  select id, case :order
               when 'due_date' then coalesce(due_date, '-infinity')
               when 'priority' then to_timestamp(case priority when 'high' then 0 when 'medium' then 1 else 2 end)
               when 'updated_at' then updated_at
               else created_at
             end as key
  from found
  where hidden = :hidden and archived = :archived
    and (:completed::boolean is null or completed = :completed)
    and (:priority::text is null or priority = :priority)
    and (:due_before::timestamptz is null or due_date < :due_before)
    and (:due_after::timestamptz is null or due_date >= :due_after)
    and (:template_id::uuid is null or template_id = :template_id)
    and (:label_id::uuid is null or (label_ids <> '{}' and :label_id = any(label_ids)))
    and (:list_id::uuid is null or coalesce(list_id, '00000000-0000-0000-0000-000000000000') = :list_id)
    and (:list_id::uuid is not null or list_id is null or list_id not in (
      select l.id from tasks.lists l where l.user_id = :user_id and l.archived
    ))
),
page as (
  select id, key
  from matching
  where (key, id) < (:after_key::timestamptz, :after_id::uuid)
  order by key desc, id desc
  limit :limit offset :offset
)
select case when :counted then (select count(*)::int from matching) end as total,
       case when not :counted then page.key::text end as sort_key,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join page on true
left join tasks.task_instances t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.key desc, page.id desc
