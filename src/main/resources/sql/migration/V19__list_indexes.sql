-- Lists and searches of a user with years of data. docs/decisions/list-orders.md, docs/decisions/searches.md

-- Number of tasks that are neither hidden nor archived: the total of most lists. The service's statements that insert and
-- delete tasks maintain it together with open_tasks, and set flow.shown_counted in their transaction; for rows of an older
-- release that runs beside, of scripts and of restorations, triggers do. Hiding and archiving is always counted by a trigger.
alter table auth.users
  add column shown_tasks integer not null default 0,
  add constraint users_shown_tasks_not_negative check (shown_tasks >= 0);

-- The folded text of a task that is completed, hidden or archived; null while it is open. So the index of searches changes
-- once in the life of most tasks, and an update of an open task stays HOT, although search_text changes with its title. The
-- open tasks of a user are few: a search reads their search_text.
alter table tasks.task_instances add column closed_text text
  generated always as (case when completed or hidden or archived then search.folded(title || E'\n' || description) end) stored;
alter table notes.notes add column archived_text text
  generated always as (case when archived then search.folded(content) end) stored;

update auth.users u
set shown_tasks = t.shown
from (
  select user_id, count(*)::int as shown
  from tasks.task_instances
  where not hidden and not archived
  group by user_id
) t
where t.user_id = u.id;

create function tasks.add_shown() returns trigger
language plpgsql
as $$
begin
  -- Here and not as the trigger's condition, which is evaluated before the statement's update of the user.
  if current_setting('flow.shown_counted', true) = 'on' then
    return null;
  end if;
  update auth.users u
  set shown_tasks = u.shown_tasks + t.shown
  from (
    select user_id, count(*)::int as shown from changed where not hidden and not archived group by user_id
  ) t
  where u.id = t.user_id;
  return null;
end
$$;
create function tasks.subtract_shown() returns trigger
language plpgsql
as $$
begin
  if current_setting('flow.shown_counted', true) = 'on' then
    return null;
  end if;
  update auth.users u
  set shown_tasks = u.shown_tasks - t.shown
  from (
    select user_id, count(*)::int as shown from changed where not hidden and not archived group by user_id
  ) t
  where u.id = t.user_id;
  return null;
end
$$;
create function tasks.change_shown() returns trigger
language plpgsql
as $$
begin
  update auth.users
  set shown_tasks = shown_tasks + case when new.hidden or new.archived then -1 else 1 end
  where id = new.user_id;
  return null;
end
$$;
create trigger task_instances_inserted
  after insert on tasks.task_instances
  referencing new table as changed
  for each statement execute function tasks.add_shown();
create trigger task_instances_deleted
  after delete on tasks.task_instances
  referencing old table as changed
  for each statement execute function tasks.subtract_shown();
create trigger task_instances_shown
  after update of hidden, archived on tasks.task_instances
  for each row when ((old.hidden or old.archived) <> (new.hidden or new.archived))
  execute function tasks.change_shown();

-- Newest and oldest first. Completing, editing and moving a task changes none of its columns, so those updates stay HOT.
create index task_instances_shown on tasks.task_instances (user_id, created_at, id) where not hidden and not archived;

-- Open tasks, soonest due first: those without a due date last. An update of the due date is not HOT, others are.
create index task_instances_open on tasks.task_instances (user_id, (coalesce(due_date, 'infinity'::timestamptz)), id)
  where not completed and not hidden and not archived;

-- Substrings by trigrams, beside the user, so that a search does not read the matches of others. The extensions are trusted:
-- who owns the database may create them. Where they are not installed or not allowed, searches give the same results by
-- reading all texts of the user; docs/decisions/searches.md says how to add the indexes later. Without a pending list, whose
-- entries every search would read.
do $$
begin
  create extension if not exists pg_trgm;
  create extension if not exists btree_gin;
  create index task_instances_closed_text on tasks.task_instances using gin (user_id, closed_text gin_trgm_ops)
    with (fastupdate = off) where closed_text is not null;
  create index notes_archived_text on notes.notes using gin (user_id, archived_text gin_trgm_ops)
    with (fastupdate = off) where archived_text is not null;
exception
  when insufficient_privilege or undefined_file or feature_not_supported or undefined_object then
    raise warning 'no index of searches, which will be slow for users with many tasks: %', sqlerrm;
end
$$;
