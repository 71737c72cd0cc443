-- name: count_unfinished
-- Runs under the owner's lock, so that the number holds until the commit.
select count(*)::int as unfinished
from tasks.imports
where user_id = :user_id and finished_at is null

-- name: insert_import
insert into tasks.imports
  (id, user_id, source, dry_run, file_bytes, compressed, list_name, timezone, created_at)
values
  (:id, :user_id, :source, :dry_run, :file_bytes, :compressed, :list, :timezone, :now)

-- name: insert_part
insert into tasks.import_parts (user_id, import_id, part, content)
values (:user_id, :import_id, :part, :content)

-- name: list_imports
-- Newest first. An empty page is one row with the total; no row means that the account does not
-- exist.
with matching as materialized (
  select id, created_at
  from tasks.imports
  where user_id = :user_id
),
page as (
  select id, created_at
  from matching
  order by created_at desc, id desc
  limit :limit offset :offset
)
select (select count(*)::int from matching) as total, i.id, i.source, i.dry_run, i.state, i.file_bytes,
       i.compressed, i.list_name as list, i.timezone, i.processed, i.total as entries, i.taken, i.changed,
       i.left_out, i.tasks_added, i.subtasks_added, i.templates_added, i.reminders_added, i.notes_added,
       i.lists_added, i.labels_added, i.filters_added, i.error, i.error_line, i.created_at, i.finished_at
from auth.users u
left join page on true
left join tasks.imports i on i.user_id = :user_id and i.id = page.id
where u.id = :user_id
order by page.created_at desc, page.id desc

-- name: find_import
select i.id, i.source, i.dry_run, i.state, i.file_bytes, i.compressed, i.list_name as list, i.timezone,
       i.processed, i.total as entries, i.taken, i.changed, i.left_out, i.tasks_added, i.subtasks_added,
       i.templates_added, i.reminders_added, i.notes_added, i.lists_added, i.labels_added,
       i.filters_added, i.error, i.error_line, i.created_at, i.finished_at
from tasks.imports i
where i.user_id = :user_id and i.id = :id

-- name: find_import_owner
-- Runs only if the user has no such import: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.imports where id = :id) as elsewhere

-- name: list_parts
select content
from tasks.import_parts
where user_id = :user_id and import_id = :import_id
order by part

-- name: list_report
-- In the order of the file. An empty page is one row with the total; no row means that the account
-- does not exist.
with matching as materialized (
  select seq
  from tasks.import_lines
  where user_id = :user_id and import_id = :import_id
    and (:outcome::text is null or outcome = :outcome)
),
page as (
  select seq
  from matching
  order by seq
  limit :limit offset :offset
)
select (select count(*)::int from matching) as total, l.import_id as id, l.seq, l.line, l.entity_type,
       l.source_id, l.title, l.outcome, l.entity_id, l.reasons
from auth.users u
left join page on true
left join tasks.import_lines l
  on l.user_id = :user_id and l.import_id = :import_id and l.seq = page.seq
where u.id = :user_id
order by page.seq

-- name: begin_import
update tasks.imports
set state = 'running', total = :total
where user_id = :user_id and id = :id

-- name: record_progress
update tasks.imports
set processed = processed + :taken + :changed + :left_out,
    taken = taken + :taken,
    changed = changed + :changed,
    left_out = left_out + :left_out,
    tasks_added = tasks_added + :tasks,
    subtasks_added = subtasks_added + :subtasks,
    templates_added = templates_added + :templates,
    reminders_added = reminders_added + :reminders,
    notes_added = notes_added + :notes,
    lists_added = lists_added + :lists,
    labels_added = labels_added + :labels,
    filters_added = filters_added + :filters
where user_id = :user_id and id = :id

-- name: finish_import
update tasks.imports
set state = 'done', finished_at = :now
where user_id = :user_id and id = :id

-- name: fail_import
update tasks.imports
set state = 'failed', finished_at = :now, error = :error, error_line = :error_line::int
where user_id = :user_id and id = :id

-- name: forget_change
-- What follows in this transaction is no change that can be undone (migration V27).
select set_config('flow.change', '', true) as change
from auth.users
where id = :user_id

-- name: find_imported
-- What these entries of the source became, as far as it still exists.
select m.entity_type, m.source_id, m.entity_id
from tasks.imported_entities m
where m.user_id = :user_id and m.source = :source and m.source_id = any(:source_ids)
  and case m.entity_type
        when 'task' then exists (
          select from tasks.task_instances t where t.user_id = :user_id and t.id = m.entity_id)
        when 'template' then exists (
          select from tasks.task_templates p where p.user_id = :user_id and p.id = m.entity_id)
        when 'list' then exists (
          select from tasks.lists l where l.user_id = :user_id and l.id = m.entity_id)
        when 'label' then exists (
          select from tasks.labels l where l.user_id = :user_id and l.id = m.entity_id)
        when 'filter' then exists (
          select from tasks.filters f where f.user_id = :user_id and f.id = m.entity_id)
        else exists (
          select from notes.notes n where n.user_id = :user_id and n.id = m.entity_id)
      end

-- name: find_own
-- Which of these ids are entities of the user: those of the account's own export.
select 'task' as entity_type, t.id
from tasks.task_instances t
where t.user_id = :user_id and t.id = any(:ids)
union all
select 'template', p.id
from tasks.task_templates p
where p.user_id = :user_id and p.id = any(:ids)
union all
select 'note', n.id
from notes.notes n
where n.user_id = :user_id and n.id = any(:ids)
union all
select 'list', l.id
from tasks.lists l
where l.user_id = :user_id and l.id = any(:ids)
union all
select 'label', l.id
from tasks.labels l
where l.user_id = :user_id and l.id = any(:ids)
union all
select 'filter', f.id
from tasks.filters f
where f.user_id = :user_id and f.id = any(:ids)

-- name: find_planned
-- What a dry run has reported to add in its former batches, and what later entries refer to.
select l.entity_type, l.source_id
from tasks.import_lines l
where l.user_id = :user_id and l.import_id = :import_id and l.outcome <> 'left'
  and l.entity_type in ('template', 'list', 'label') and l.source_id = any(:source_ids)

-- name: find_names
-- The user's lists and labels, shown lists first, and filters, with their names as they are compared; what
-- a dry run would have added by now, without ids; and the names of a batch as they are compared.
select places.type, places.id, places.name, search.folded(places.name) as key
from (
  select 'list' as type, l.id, l.name, l.archived, l.position
  from tasks.lists l
  where l.user_id = :user_id
  union all
  select 'label', l.id, l.name, false, ''
  from tasks.labels l
  where l.user_id = :user_id
  union all
  select 'filter', f.id, f.name, false, ''
  from tasks.filters f
  where f.user_id = :user_id
  union all
  select l.entity_type, null, l.title, false, '~'
  from tasks.import_lines l
  where l.user_id = :user_id and l.import_id = :import_id::uuid and l.outcome <> 'left'
    and l.entity_type in ('list', 'label', 'filter')
  union all
  select 'name', null, n.name, false, ''
  from unnest(:names::text[]) as n (name)
) places
order by places.archived, places.position, places.id

-- name: insert_templates
insert into tasks.task_templates
  (id, user_id, title, description, priority, estimated_duration, list_id, label_ids, rrule, timezone,
   anchor, all_day, starts_at, next_due, active, created, deleted_parts, version, created_at,
   updated_at)
select r.id, :user_id, r.title, r.description, r.priority, r.estimated_duration, r.list_id, r.label_ids,
       r.rrule, r.timezone, r.anchor, r.all_day, r.starts_at, r.next_due, r.active, r.created,
       r.deleted_parts, r.version, r.created_at, r.updated_at
from jsonb_populate_recordset(null::tasks.task_templates, :rows::jsonb) r

-- name: insert_tasks
-- The trigger counts the shown tasks. A task whose occurrence its template has already is inserted
-- without the template: its job was faster.
with counted as (
  update auth.users
  set open_tasks = open_tasks + :open_tasks
  where id = :user_id and :open_tasks <> 0
)
insert into tasks.task_instances
  (id, user_id, template_id, occurrence_at, title, description, priority, due_date,
   due_on, start_on, estimated_duration, list_id, position, label_ids, focus_time_seconds, completed,
   completed_at, completed_by, hidden, archived, skipped_at, subtask_count, subtask_completed_count,
   version, created_at, updated_at)
select r.id, :user_id, p.id, r.occurrence_at, r.title, r.description, r.priority, r.due_date,
       r.due_on, r.start_on, r.estimated_duration, r.list_id, r.position, r.label_ids,
       r.focus_time_seconds, r.completed, r.completed_at, r.completed_by, r.hidden, r.archived,
       r.skipped_at, r.subtask_count, r.subtask_completed_count, r.version, r.created_at, r.updated_at
from jsonb_populate_recordset(null::tasks.task_instances, :rows::jsonb) r
left join tasks.task_templates p
  on p.user_id = :user_id and p.id = r.template_id
  and not exists (
    select from tasks.task_instances o
    where o.user_id = :user_id and o.template_id = p.id and o.occurrence_at = r.occurrence_at
  )

-- name: insert_lists
insert into tasks.lists (id, user_id, name, position, archived, created_at, updated_at)
select r.id, :user_id, r.name, r.position, r.archived, :now, :now
from jsonb_to_recordset(:rows::jsonb) as r (id uuid, name text, position text, archived boolean)

-- name: insert_labels
insert into tasks.labels (id, user_id, name, colour, created_at, updated_at)
select r.id, :user_id, r.name, coalesce(r.colour, '#808080'), :now, :now
from jsonb_to_recordset(:rows::jsonb) as r (id uuid, name text, colour text)

-- name: insert_filters
insert into tasks.filters (id, user_id, name, query, position, created_at, updated_at)
select r.id, :user_id, r.name, r.query, r.position, :now, :now
from jsonb_to_recordset(:rows::jsonb) as r (id uuid, name text, query text, position text)

-- name: insert_subtasks
insert into tasks.subtasks
  (id, user_id, task_id, title, completed, completed_at, order_index, source, version, created_at,
   updated_at)
select r.id, :user_id, r.task_id, r.title, r.completed, r.completed_at, r.order_index, r.source,
       r.version, r.created_at, r.updated_at
from jsonb_populate_recordset(null::tasks.subtasks, :rows::jsonb) r

-- name: insert_reminders
insert into tasks.reminders
  (id, user_id, task_id, type, offset_minutes, scheduled_at, method, fired, fired_at, version,
   created_at, updated_at)
select r.id, :user_id, r.task_id, r.type, r.offset_minutes, r.scheduled_at, r.method, r.fired,
       r.fired_at, r.version, r.created_at, r.updated_at
from jsonb_populate_recordset(null::tasks.reminders, :rows::jsonb) r

-- name: insert_notes
with counted as (
  update auth.users
  set notes = notes + :notes
  where id = :user_id and :notes <> 0
)
insert into notes.notes
  (id, user_id, content, archived, voice_url, voice_duration_seconds, transcription_status,
   converted_at, version, created_at, updated_at)
select r.id, :user_id, r.content, r.archived, r.voice_url, r.voice_duration_seconds,
       r.transcription_status, r.converted_at, r.version, r.created_at, r.updated_at
from jsonb_populate_recordset(null::notes.notes, :rows::jsonb) r

-- name: insert_imported
-- An entry whose entity was deleted is imported again, and then belongs to the new one.
insert into tasks.imported_entities (user_id, source, entity_type, source_id, entity_id)
select :user_id, :source, r.entity_type, r.source_id, r.entity_id
from jsonb_to_recordset(:rows::jsonb) as r (entity_type text, source_id text, entity_id uuid)
on conflict on constraint imported_entities_pkey do update set entity_id = excluded.entity_id

-- name: insert_lines
insert into tasks.import_lines
  (user_id, import_id, seq, line, entity_type, source_id, title, outcome, entity_id, reasons)
select :user_id, :import_id, r.seq, r.line, r.entity_type, r.source_id, r.title, r.outcome,
       r.entity_id, r.reasons
from jsonb_to_recordset(:rows::jsonb) as r (
  seq int, line int, entity_type text, source_id text, title text, outcome text, entity_id uuid,
  reasons jsonb)

-- name: list_active_templates
-- Those of the import that may need an instance.
select p.id
from tasks.import_lines l
join tasks.task_templates p on p.user_id = :user_id and p.id = l.entity_id and p.active
where l.user_id = :user_id and l.import_id = :import_id and l.entity_type = 'template'

-- name: delete_expired_parts
-- scope: system fan-out
delete from tasks.import_parts
where (user_id, import_id, part) in (
  select p.user_id, p.import_id, p.part
  from tasks.imports i
  join tasks.import_parts p on p.user_id = i.user_id and p.import_id = i.id
  where i.finished_at < :horizon
  limit :count)

-- name: delete_expired_imports
-- scope: system fan-out
-- An import that has not finished by then belongs to a dead job.
delete from tasks.imports
where (user_id, id) in (
  select i.user_id, i.id
  from tasks.imports i
  where i.created_at < :horizon
  limit :count)
