-- Lists, labels and days. docs/decisions/lists.md, docs/decisions/days.md

create table tasks.lists (
  user_id    uuid        not null,
  id         uuid        not null,
  name       text        not null,
  -- as that of a task, below
  position   text        collate "C" not null,
  archived   boolean     not null default false,
  version    integer     not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint lists_pkey primary key (user_id, id),
  constraint lists_id_key unique (id),
  constraint lists_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint lists_name_length check (char_length(name) between 1 and 100),
  constraint lists_position_format check (position ~ '^[0-9A-Za-z]{0,199}[1-9A-Za-z]$')
);

create table tasks.labels (
  user_id    uuid        not null,
  id         uuid        not null,
  name       text        not null,
  -- what is equal in a search is the same name
  name_key   text        not null generated always as (search.folded(name)) stored,
  colour     text        not null,
  version    integer     not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint labels_pkey primary key (user_id, id),
  constraint labels_id_key unique (id),
  constraint labels_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint labels_name_key unique (user_id, name_key),
  constraint labels_name_length check (char_length(name) between 1 and 100),
  constraint labels_colour_format check (colour ~ '^#[0-9a-f]{6}$')
);

alter table tasks.task_instances
  -- null: the inbox
  add column list_id uuid,
  -- order in the list: a fraction in digits 0-9, A-Z, a-z, compared bytewise. Null: by creation, that is, the milliseconds of
  -- created_at in twelve hexadecimal digits and a V. So a new task is last, and only what was moved has a value.
  add column position text collate "C",
  -- in an array and not in a table, so that a list reads them with its rows; triggers below keep them consistent
  add column label_ids uuid[] not null default '{}',
  -- a day without a time; due_date is then its last millisecond in the user's time zone
  add column due_on date,
  add column start_on date,
  -- when this occurrence of a template was passed over; such a task is archived. Archived tasks that are not skipped keep the
  -- template from creating the next one. docs/decisions/repeat.md
  add column skipped_at timestamptz,
  add constraint task_instances_list_fkey foreign key (user_id, list_id)
    references tasks.lists (user_id, id) on delete set null (list_id);

alter table tasks.task_templates
  add column list_id uuid,
  add column label_ids uuid[] not null default '{}',
  -- occurrences are days: starts_at, next_due and the occurrence_at of tasks are the last milliseconds of a day in the template's
  -- time zone, which is the day before one that the zone skips. due_date of a task is that in the user's time zone
  add column all_day boolean not null default false,
  add constraint task_templates_list_fkey foreign key (user_id, list_id)
    references tasks.lists (user_id, id) on delete set null (list_id),
  add constraint task_templates_labels_count check (cardinality(label_ids) <= 10);

-- As before (migration V21), with the new columns.
create function tasks.check_task(
  template_id uuid,
  title text,
  description text,
  priority text,
  due_date timestamptz,
  estimated_duration integer,
  focus_time_seconds integer,
  completed boolean,
  completed_at timestamptz,
  completed_by text,
  subtask_count integer,
  subtask_completed_count integer,
  occurrence_at timestamptz,
  version integer,
  list_position text,
  label_ids uuid[],
  due_on date,
  start_on date,
  archived boolean,
  skipped_at timestamptz
) returns boolean
immutable parallel safe language plpgsql
as $$
declare
  violated constant text := case
    when not (char_length(title) between 1 and 200)
      then 'task_instances_title_length'
    when not (char_length(description) <= 10000)
      then 'task_instances_description_length'
    when not (priority in ('low', 'medium', 'high'))
      then 'task_instances_priority_known'
    when not (isfinite(due_date))
      then 'task_instances_due_date_finite'
    when not (estimated_duration between 1 and 720)
      then 'task_instances_estimated_duration_range'
    when not (focus_time_seconds >= 0)
      then 'task_instances_focus_time_not_negative'
    when not (completed_by in ('manual', 'auto', 'force'))
      then 'task_instances_completed_by_known'
    when not (completed = (completed_at is not null) and completed = (completed_by is not null))
      then 'task_instances_completed_consistent'
    when not (0 <= subtask_completed_count and subtask_completed_count <= subtask_count)
      then 'task_instances_subtask_counts'
    when not (template_id is null or occurrence_at is not null)
      then 'task_instances_occurrence_present'
    when not (version >= 1)
      then 'task_instances_version_positive'
    when not (list_position ~ '^[0-9A-Za-z]{0,199}[1-9A-Za-z]$')
      then 'task_instances_position_format'
    when not (cardinality(label_ids) <= 10)
      then 'task_instances_labels_count'
    when due_on is not null and not (isfinite(due_on) and due_date is not null)
      then 'task_instances_due_on_consistent'
    when not (isfinite(start_on))
      then 'task_instances_start_on_finite'
    when skipped_at is not null and not (isfinite(skipped_at) and archived and not completed)
      then 'task_instances_skipped_consistent'
  end;
begin
  if violated is null then
    return true;
  end if;
  raise check_violation using
    message = 'row of tasks.task_instances violates ' || violated,
    constraint = violated, schema = 'tasks', table = 'task_instances';
end
$$;

alter table tasks.task_instances
  drop constraint task_instances_row,
  add constraint task_instances_row check (tasks.check_task(
    template_id, title, description, priority, due_date, estimated_duration, focus_time_seconds, completed,
    completed_at, completed_by, subtask_count, subtask_completed_count, occurrence_at, version, position, label_ids,
    due_on, start_on, archived, skipped_at
  ));
drop function tasks.check_task(
  uuid, text, text, text, timestamptz, integer, integer, boolean, timestamptz, text, integer, integer, timestamptz, integer);

-- As before (migration V27), with the new columns.
create or replace function activity.record_task() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
  change constant bigint := nullif(current_setting('flow.change', true), '')::bigint;
  before jsonb;
begin
  -- an entity that gets another id or owner is no longer what it was
  if tg_op = 'DELETE' or (tg_op = 'UPDATE' and (old.id <> new.id or old.user_id <> new.user_id)) then
    insert into activity.changes (user_id, entity_type, entity_id, deleted, change, before)
    select old.user_id, tg_argv[0], old.id, true, change,
           case when change is not null then to_jsonb(old) - '{search_text,closed_text,archived_text}'::text[] end
    from auth.users u
    where u.id = old.user_id;
  end if;
  if tg_op <> 'DELETE' then
    if tg_op = 'UPDATE' and change is not null then
      before := '{}';
      if old.title <> new.title then
        before := before || jsonb_build_object('title', old.title);
      end if;
      if old.description <> new.description then
        before := before || jsonb_build_object('description', old.description);
      end if;
      if old.priority <> new.priority then
        before := before || jsonb_build_object('priority', old.priority);
      end if;
      if old.due_date is distinct from new.due_date then
        before := before || jsonb_build_object('due_date', old.due_date);
      end if;
      if old.estimated_duration is distinct from new.estimated_duration then
        before := before || jsonb_build_object('estimated_duration', old.estimated_duration);
      end if;
      if old.focus_time_seconds <> new.focus_time_seconds then
        before := before || jsonb_build_object('focus_time_seconds', old.focus_time_seconds);
      end if;
      if old.completed <> new.completed then
        before := before || jsonb_build_object('completed', old.completed);
      end if;
      if old.completed_at is distinct from new.completed_at then
        before := before || jsonb_build_object('completed_at', old.completed_at);
      end if;
      if old.completed_by is distinct from new.completed_by then
        before := before || jsonb_build_object('completed_by', old.completed_by);
      end if;
      if old.hidden <> new.hidden then
        before := before || jsonb_build_object('hidden', old.hidden);
      end if;
      if old.archived <> new.archived then
        before := before || jsonb_build_object('archived', old.archived);
      end if;
      if old.subtask_count <> new.subtask_count then
        before := before || jsonb_build_object('subtask_count', old.subtask_count);
      end if;
      if old.subtask_completed_count <> new.subtask_completed_count then
        before := before || jsonb_build_object('subtask_completed_count', old.subtask_completed_count);
      end if;
      if old.counted_at is distinct from new.counted_at then
        before := before || jsonb_build_object('counted_at', old.counted_at);
      end if;
      if old.template_id is distinct from new.template_id then
        before := before || jsonb_build_object('template_id', old.template_id);
      end if;
      if old.occurrence_at is distinct from new.occurrence_at then
        before := before || jsonb_build_object('occurrence_at', old.occurrence_at);
      end if;
      if old.due_on is distinct from new.due_on then
        before := before || jsonb_build_object('due_on', old.due_on);
      end if;
      if old.start_on is distinct from new.start_on then
        before := before || jsonb_build_object('start_on', old.start_on);
      end if;
      if old.skipped_at is distinct from new.skipped_at then
        before := before || jsonb_build_object('skipped_at', old.skipped_at);
      end if;
      if old.list_id is distinct from new.list_id then
        before := before || jsonb_build_object('list_id', old.list_id);
      end if;
      if old.position is distinct from new.position then
        before := before || jsonb_build_object('position', old.position);
      end if;
      if old.label_ids <> new.label_ids then
        before := before || jsonb_build_object('label_ids', old.label_ids);
      end if;
    end if;
    insert into activity.changes (user_id, entity_type, entity_id, version, deleted, change, before)
    values (new.user_id, tg_argv[0], new.id, new.version, false, change, before);
  end if;
  return null;
end
$$;

-- What a foreign key does, for the elements of label_ids.
create function tasks.check_labels() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  if exists (
    select from unnest(new.label_ids) as given (id)
    where not exists (select from tasks.labels l where l.user_id = new.user_id and l.id = given.id)
  ) then
    raise foreign_key_violation using
      message = 'label_ids contains an id that is not a label of the user',
      constraint = tg_table_name || '_labels_fkey', schema = 'tasks', table = tg_table_name;
  end if;
  return null;
end
$$;
create trigger task_instances_labels_inserted
  after insert on tasks.task_instances
  for each row when (new.label_ids <> '{}') execute function tasks.check_labels();
create trigger task_instances_labels_updated
  after update of label_ids on tasks.task_instances
  for each row when (new.label_ids <> '{}' and new.label_ids <> old.label_ids) execute function tasks.check_labels();
create trigger task_templates_labels_inserted
  after insert on tasks.task_templates
  for each row when (new.label_ids <> '{}') execute function tasks.check_labels();
create trigger task_templates_labels_updated
  after update of label_ids on tasks.task_templates
  for each row when (new.label_ids <> '{}' and new.label_ids <> old.label_ids) execute function tasks.check_labels();

create function tasks.remove_label() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  -- with the account, everything is deleted
  if exists (select from auth.users u where u.id = old.user_id) then
    update tasks.task_instances t
    set label_ids = array_remove(t.label_ids, old.id), version = t.version + 1
    where t.user_id = old.user_id and t.label_ids <> '{}' and old.id = any(t.label_ids);
    update tasks.task_templates p
    set label_ids = array_remove(p.label_ids, old.id), version = p.version + 1
    where p.user_id = old.user_id and old.id = any(p.label_ids);
  end if;
  return null;
end
$$;
create trigger labels_deleted
  after delete on tasks.labels
  for each row execute function tasks.remove_label();

-- As before (migration V21), with the types list, label and filter.
create or replace function activity.check_entry(
  entity_type text,
  action text,
  source text,
  request_id text
) returns boolean
immutable parallel safe language plpgsql
as $$
declare
  violated constant text := case
    when not (entity_type in ('task', 'subtask', 'template', 'note', 'reminder', 'focus',
      'ai', 'credit', 'subscription', 'achievement', 'user', 'list', 'label', 'filter'))
      then 'activity_logs_entity_type_known'
    when not (char_length(action) between 1 and 100)
      then 'activity_logs_action_length'
    when not (source in ('user', 'ai', 'system'))
      then 'activity_logs_source_known'
    when not (char_length(request_id) <= 128)
      then 'activity_logs_request_id_length'
  end;
begin
  if violated is null then
    return true;
  end if;
  raise check_violation using
    message = 'row of activity.activity_logs violates ' || violated,
    constraint = violated, schema = 'activity', table = 'activity_logs';
end
$$;

create trigger lists_changed
  after insert or delete on tasks.lists
  for each row execute function activity.record_versioned('list');
create trigger lists_updated
  after update on tasks.lists
  for each row when (old.* is distinct from new.*) execute function activity.record_versioned('list');
create trigger labels_changed
  after insert or delete on tasks.labels
  for each row execute function activity.record_versioned('label');
create trigger labels_updated
  after update on tasks.labels
  for each row when (old.* is distinct from new.*) execute function activity.record_versioned('label');

-- A deleted list with its tasks is one deletion.
alter table tasks.deletion_tombstones
  drop constraint deletion_tombstones_entity_type_known,
  add constraint deletion_tombstones_entity_type_known check (entity_type in ('task', 'note', 'list'));

-- The order in a list, of open and of completed tasks. The constants stand for the inbox and for the position of a task that was
-- not moved; statements must repeat them.
create index task_instances_position on tasks.task_instances (
  user_id,
  (coalesce(list_id, '00000000-0000-0000-0000-000000000000'::uuid)),
  completed,
  (coalesce(position,
    lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C"),
  id
) where not hidden and not archived;

-- The tasks of a label, when it is deleted, and filters by labels.
create index task_instances_labelled on tasks.task_instances (user_id, id) where label_ids <> '{}';

-- All-day tasks that a change of the user's time zone moves.
create index task_instances_open_days on tasks.task_instances (user_id, id) where due_on is not null and not completed;

-- From which local time on the day of an all-day task its relative reminders count.
alter table auth.users
  add column all_day_reminder_time time(0) not null default '09:00';

-- As before (migration V27), with the new column.
create or replace function activity.record_settings() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
  change constant bigint := nullif(current_setting('flow.change', true), '')::bigint;
begin
  insert into activity.changes (user_id, entity_type, entity_id, deleted, change, before)
  values (
    new.id, 'settings', new.id, false, change,
    activity.former_values(
      jsonb_build_object('name', old.name, 'name_changed', old.name_changed, 'timezone', old.timezone,
        'all_day_reminder_time', old.all_day_reminder_time),
      jsonb_build_object('name', new.name, 'name_changed', new.name_changed, 'timezone', new.timezone,
        'all_day_reminder_time', new.all_day_reminder_time))
  );
  if old.tier <> new.tier then
    -- features, limits and the daily credits depend on it
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    values
      (new.id, 'subscription', new.id, false),
      (new.id, 'achievements', new.id, false),
      (new.id, 'credits', new.id, false);
  end if;
  return null;
end
$$;
drop trigger users_settings_changed on auth.users;
create trigger users_settings_changed
  after update of email, name, name_changed, avatar_url, timezone, all_day_reminder_time, tier on auth.users
  for each row
  when ((old.email, old.name, old.name_changed, old.avatar_url, old.timezone, old.all_day_reminder_time, old.tier)
    is distinct from
    (new.email, new.name, new.name_changed, new.avatar_url, new.timezone, new.all_day_reminder_time, new.tier))
  execute function activity.record_settings();
