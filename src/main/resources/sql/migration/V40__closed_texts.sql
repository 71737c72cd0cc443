-- Fewer indexes on tasks, and archived lists beside their user. docs/decisions/searches.md, docs/decisions/lists.md

-- The texts of tasks that are completed, hidden or archived, for the index of trigrams. An update of a task that is not HOT
-- writes every index of the table: beside the task, the index cost each of them a millisecond, such as when a list is deleted
-- and its tasks move to the inbox. Here it is written when a task is closed or reopened, or when its text changes.
create table tasks.closed_texts (
  user_id uuid not null,
  task_id uuid not null,
  text    text not null,
  constraint closed_texts_pkey primary key (user_id, task_id),
  constraint closed_texts_task_fkey foreign key (user_id, task_id)
    references tasks.task_instances (user_id, id) on delete cascade
);

create function tasks.store_closed_text() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  if new.closed_text is null then
    delete from tasks.closed_texts where user_id = new.user_id and task_id = new.id;
  else
    insert into tasks.closed_texts (user_id, task_id, text)
    values (new.user_id, new.id, new.closed_text)
    on conflict (user_id, task_id) do update set text = excluded.text;
  end if;
  return null;
end
$$;
create trigger task_instances_closed
  after insert on tasks.task_instances
  for each row when (new.closed_text is not null) execute function tasks.store_closed_text();
create trigger task_instances_closed_changed
  after update of title, description, completed, hidden, archived on tasks.task_instances
  for each row when (old.closed_text is distinct from new.closed_text) execute function tasks.store_closed_text();

insert into tasks.closed_texts (user_id, task_id, text)
select user_id, id, closed_text from tasks.task_instances where closed_text is not null;

-- Optional, as the index that it replaces (V19). With a small pending list, in kB: a search reads it, but
-- inserting the trigrams of many rows together takes a sixth of the time.
do $$
begin
  create index closed_texts_trigrams on tasks.closed_texts using gin (user_id, text gin_trgm_ops)
    with (fastupdate = on, gin_pending_list_limit = 256);
exception
  when insufficient_privilege or undefined_file or feature_not_supported or undefined_object then
    raise warning 'no index of the texts of closed tasks, so searches are slow for users with many: %', sqlerrm;
end
$$;
drop index if exists tasks.task_instances_closed_text;
alter index if exists tasks.subtasks_text set (fastupdate = on, gin_pending_list_limit = 256);
alter index if exists notes.notes_archived_text set (fastupdate = on, gin_pending_list_limit = 256);

-- Each index costs every statement that creates or changes a task some microseconds, even if the row is not in it. Other indexes
-- serve these as well: that of the labels, and those of the open and the hidden or archived tasks, which are few.
drop index tasks.task_instances_labelled, tasks.task_instances_open_days, tasks.task_instances_starting;

-- Only instances of templates have an occurrence.
alter table tasks.task_instances drop constraint task_instances_occurrence_key;
create unique index task_instances_occurrence_key on tasks.task_instances (user_id, template_id, occurrence_at)
  where template_id is not null;

-- As before (migration V32), with the column that counting the tasks of a list needs, so that it reads the index alone.
drop index tasks.task_instances_position;
create index task_instances_position on tasks.task_instances (
  user_id,
  (coalesce(list_id, '00000000-0000-0000-0000-000000000000'::uuid)),
  completed,
  (coalesce(position,
    lpad(to_hex((extract(epoch from created_at - '1970-01-01 00:00:00+00'::timestamptz) * 1000)::bigint), 12, '0') || 'V') collate "C"),
  id
) include (list_id) where not hidden and not archived;

-- As before (migration V32), through the index of the labels.
create or replace function tasks.remove_label() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  -- with the account, everything is deleted
  if exists (select from auth.users u where u.id = old.user_id) then
    update tasks.task_instances t
    set label_ids = array_remove(t.label_ids, old.id), version = t.version + 1
    where t.user_id = old.user_id and t.label_ids <> '{}' and t.label_ids @> array[old.id];
    update tasks.task_templates p
    set label_ids = array_remove(p.label_ids, old.id), version = p.version + 1
    where p.user_id = old.user_id and old.id = any(p.label_ids);
  end if;
  return null;
end
$$;

-- The archived lists of a user, beside the counters, so that the list of tasks finds with them what to leave out.
alter table auth.users add column archived_lists uuid[] not null default '{}';
update auth.users u
set archived_lists = archived.ids
from (select user_id, array_agg(id order by id) as ids from tasks.lists where archived group by user_id) archived
where u.id = archived.user_id;

create function tasks.store_archived_lists() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
  owner constant uuid := coalesce(new.user_id, old.user_id);
begin
  update auth.users
  set archived_lists = array(select l.id from tasks.lists l where l.user_id = owner and l.archived order by l.id)
  where id = owner;
  return null;
end
$$;
create trigger lists_archived_inserted
  after insert on tasks.lists
  for each row when (new.archived) execute function tasks.store_archived_lists();
create trigger lists_archived_updated
  after update of archived on tasks.lists
  for each row when (new.archived <> old.archived) execute function tasks.store_archived_lists();
create trigger lists_archived_deleted
  after delete on tasks.lists
  for each row when (old.archived) execute function tasks.store_archived_lists();

-- How many of the shown tasks are in these lists; of the open or the completed ones, unless null. A function, so that statements
-- pay for it only if they call it.
create function tasks.count_shown_in(owner uuid, lists uuid[], of_completed boolean) returns integer
stable parallel safe language plpgsql
set search_path = pg_catalog
as $$
begin
  return (
    select count(*)::integer
    from unnest(lists) as l (id)
    join tasks.task_instances t
      on t.user_id = owner and coalesce(t.list_id, '00000000-0000-0000-0000-000000000000') = l.id
    where not t.hidden and not t.archived and (of_completed is null or t.completed = of_completed)
  );
end
$$;
