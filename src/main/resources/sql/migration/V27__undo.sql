-- What undo needs to know of a change: which rows it changed, and what they were before. docs/decisions/undo.md

-- A change is what one transaction does for its user. The statement that locks the user's row draws the number of the change from
-- activity.change_seq and sets flow.change to it; a job that completes what a change began sets it to that change's number. It is
-- not set by an older release that runs beside, by scripts and by restorations: their changes cannot be undone.
alter table activity.changes
  add column change bigint,
  -- of an updated row, the former values of the columns that changed; of a deleted row, all its columns; null without a change,
  -- except of settings
  add column before jsonb,
  -- false for rows that only undo needs, because clients see them as part of another entity or not at all: subtask,
  -- focus_session, tombstone, suggestion
  add column shown boolean not null default true;

-- The rows of one change.
create index changes_change on activity.changes (user_id, change) where change is not null;

-- Checking the foreign key cost 7 of the 30 µs that recording a change takes. The triggers insert rows of existing users only, and
-- writes of a user wait for the lock that deletes the user.
alter table activity.changes drop constraint changes_user_fkey;
create function activity.forget_changes() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  delete from activity.changes where user_id = old.id;
  return null;
end
$$;
create trigger users_changes_forgotten
  after delete on auth.users
  for each row execute function activity.forget_changes();

-- Entries with the same number belong to one change.
alter table activity.activity_logs
  add column change bigint default nullif(current_setting('flow.change', true), '')::bigint;

-- Undo addresses entries by their ids, which grow, so that inserts change the last page of the index only.
create index activity_logs_id on activity.activity_logs (id);

-- The change that enqueued the job.
alter table ops.job_queue
  add column change bigint default nullif(current_setting('flow.change', true), '')::bigint;

-- The former values of the columns that an update changed, without those that every update or PostgreSQL itself changes.
create function activity.former_values(former jsonb, present jsonb) returns jsonb
language plpgsql immutable parallel safe
set search_path = pg_catalog
as $$
begin
  return (
    select coalesce(jsonb_object_agg(f.key, f.value), '{}')
    from jsonb_each(former) f
    where f.value <> present -> f.key
      and f.key <> all ('{version,updated_at,search_text,closed_text,archived_text}')
  );
end
$$;

create or replace function activity.record_versioned() returns trigger
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
      before := activity.former_values(to_jsonb(old), to_jsonb(new));
    end if;
    insert into activity.changes (user_id, entity_type, entity_id, version, deleted, change, before)
    values (new.user_id, tg_argv[0], new.id, new.version, false, change, before);
  end if;
  return null;
end
$$;

-- As record_versioned, for the two tables that most writes change: one comparison for each column costs 5 µs, and
-- former_values costs 50.
create function activity.record_task() returns trigger
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
    end if;
    insert into activity.changes (user_id, entity_type, entity_id, version, deleted, change, before)
    values (new.user_id, tg_argv[0], new.id, new.version, false, change, before);
  end if;
  return null;
end
$$;

create function activity.record_note() returns trigger
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
      if old.content <> new.content then
        before := before || jsonb_build_object('content', old.content);
      end if;
      if old.archived <> new.archived then
        before := before || jsonb_build_object('archived', old.archived);
      end if;
      if old.voice_url is distinct from new.voice_url then
        before := before || jsonb_build_object('voice_url', old.voice_url);
      end if;
      if old.voice_duration_seconds is distinct from new.voice_duration_seconds then
        before := before || jsonb_build_object('voice_duration_seconds', old.voice_duration_seconds);
      end if;
      if old.transcription_status is distinct from new.transcription_status then
        before := before || jsonb_build_object('transcription_status', old.transcription_status);
      end if;
      if old.converted_at is distinct from new.converted_at then
        before := before || jsonb_build_object('converted_at', old.converted_at);
      end if;
    end if;
    insert into activity.changes (user_id, entity_type, entity_id, version, deleted, change, before)
    values (new.user_id, tg_argv[0], new.id, new.version, false, change, before);
  end if;
  return null;
end
$$;

-- For rows that are not shown by themselves.
create function activity.record_hidden() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
  change constant bigint := nullif(current_setting('flow.change', true), '')::bigint;
begin
  if change is null then
    return null;
  elsif tg_op = 'DELETE' then
    insert into activity.changes (user_id, entity_type, entity_id, deleted, change, before, shown)
    select old.user_id, tg_argv[0], old.id, true, change, to_jsonb(old), false
    from auth.users u
    where u.id = old.user_id;
  else
    insert into activity.changes (user_id, entity_type, entity_id, deleted, change, before, shown)
    values (
      new.user_id, tg_argv[0], new.id, false, change,
      case when tg_op = 'UPDATE' then activity.former_values(to_jsonb(old), to_jsonb(new)) end, false
    );
  end if;
  return null;
end
$$;

-- The rest of a user's row is not changed by the user. The former values are recorded without a change too, so that undo can
-- tell a change of the name from one of the tier.
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
      jsonb_build_object('name', old.name, 'name_changed', old.name_changed, 'timezone', old.timezone),
      jsonb_build_object('name', new.name, 'name_changed', new.name_changed, 'timezone', new.timezone))
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
  after update of email, name, name_changed, avatar_url, timezone, tier on auth.users
  for each row
  when ((old.email, old.name, old.name_changed, old.avatar_url, old.timezone, old.tier)
    is distinct from (new.email, new.name, new.name_changed, new.avatar_url, new.timezone, new.tier))
  execute function activity.record_settings();

drop trigger task_instances_changed on tasks.task_instances;
drop trigger task_instances_updated on tasks.task_instances;
create trigger task_instances_changed
  after insert or delete on tasks.task_instances
  for each row execute function activity.record_task('task');
create trigger task_instances_updated
  after update on tasks.task_instances
  for each row when (old.* is distinct from new.*) execute function activity.record_task('task');
drop trigger notes_changed on notes.notes;
drop trigger notes_updated on notes.notes;
create trigger notes_changed
  after insert or delete on notes.notes
  for each row execute function activity.record_note('note');
create trigger notes_updated
  after update on notes.notes
  for each row when (old.* is distinct from new.*) execute function activity.record_note('note');
create trigger subtasks_recorded
  after insert or update or delete on tasks.subtasks
  for each row execute function activity.record_hidden('subtask');
create trigger focus_sessions_recorded
  after insert or update or delete on tasks.focus_sessions
  for each row execute function activity.record_hidden('focus_session');
create trigger deletion_tombstones_recorded
  after insert or delete on tasks.deletion_tombstones
  for each row execute function activity.record_hidden('tombstone');
create trigger ai_suggestions_recorded
  after update on activity.ai_suggestions
  for each row execute function activity.record_hidden('suggestion');

-- How many completions count on each of the latest days, and the streak before the latest one, so that they can be taken back:
-- {"days": {"2026-11-30": 2}, "before": {"latest", "last", "ended", "longest", "previous", "previous_last"}}
alter table achievements.user_achievement_states add column recent jsonb not null default '{}';

-- As before (migration V20), with the number of the change.
drop function activity.find_page(
  uuid, text, uuid, text, text, timestamptz, timestamptz, uuid, bigint, bigint, boolean);
create function activity.find_page(
  of_user uuid, of_type text, of_entity uuid, of_action text, of_source text, since timestamptz, before_at timestamptz,
  before_id uuid, skipped bigint, size bigint, counted boolean)
returns table (
  total bigint, id uuid, user_id uuid, entity_type text, entity_id uuid, action text, source text, metadata jsonb,
  request_id text, created_at timestamptz, change bigint)
language plpgsql stable
set search_path = pg_catalog
set plan_cache_mode = force_generic_plan
set max_parallel_workers_per_gather = 0
as $$
#variable_conflict use_column
declare
  most bigint := case when counted then greatest(10001 - skipped, size + 1) else size end;
  known bigint;
  times timestamptz[];
  ids uuid[];
begin
  -- an index each: a condition that may be absent could use none in a generic plan
  if of_entity is not null then
    select array_agg(k.created_at), array_agg(k.id) into times, ids
    from (
      select l.created_at, l.id
      from activity.activity_logs l
      where l.entity_id = of_entity and l.user_id = of_user
        and l.created_at >= since and l.created_at <= before_at
        and (l.created_at, l.id) < (before_at, before_id)
        and (of_type is null or l.entity_type = of_type)
        and (of_action is null or l.action = of_action)
        and (of_source is null or l.source = of_source)
      order by l.created_at desc, l.id desc
      limit most offset skipped
    ) k;
  elsif of_type <> 'task' then
    select array_agg(k.created_at), array_agg(k.id) into times, ids
    from (
      select l.created_at, l.id
      from activity.activity_logs l
      where l.user_id = of_user and l.entity_type = of_type and l.entity_type <> 'task'
        and l.created_at >= since and l.created_at <= before_at
        and (l.created_at, l.id) < (before_at, before_id)
        and (of_action is null or l.action = of_action)
        and (of_source is null or l.source = of_source)
      order by l.created_at desc, l.id desc
      limit most offset skipped
    ) k;
  elsif num_nonnulls(of_type, of_action, of_source) > 0 then
    select array_agg(k.created_at), array_agg(k.id) into times, ids
    from (
      select l.created_at, l.id
      from activity.activity_logs l
      where l.user_id = of_user
        and l.created_at >= since and l.created_at <= before_at
        and (l.created_at, l.id) < (before_at, before_id)
        and (of_type is null or l.entity_type = of_type)
        and (of_action is null or l.action = of_action)
        and (of_source is null or l.source = of_source)
      order by l.created_at desc, l.id desc
      limit most offset skipped
    ) k;
  else
    select array_agg(k.created_at), array_agg(k.id) into times, ids
    from (
      select l.created_at, l.id
      from activity.activity_logs l
      where l.user_id = of_user
        and l.created_at >= since and l.created_at <= before_at
        and (l.created_at, l.id) < (before_at, before_id)
      order by l.created_at desc, l.id desc
      limit most offset skipped
    ) k;
  end if;
  if counted then
    known := skipped + coalesce(cardinality(ids), 0);
    if ids is null and skipped > 0 then
      -- beyond the end
      select p.total into known
      from activity.find_page(of_user, of_type, of_entity, of_action, of_source, since, before_at, before_id, 0, 0, true) p;
    end if;
  end if;
  times := times[1:size];
  ids := ids[1:size];
  if ids is null or size = 0 then
    return query select known, null::uuid, null::uuid, null, null::uuid, null, null, null::jsonb, null, null::timestamptz,
      null::bigint;
    return;
  end if;
  return query
    select known, l.id, l.user_id, l.entity_type, l.entity_id, l.action, l.source, l.metadata, l.request_id, l.created_at,
           l.change
    from unnest(times, ids) as k (created_at, id)
    cross join lateral (
      select r.id, r.user_id, r.entity_type, r.entity_id, r.action, r.source, r.metadata, r.request_id, r.created_at,
             r.change
      from activity.activity_logs r
      where r.user_id = of_user and r.created_at = k.created_at and r.id = k.id
        -- opens the partitions of the page only
        and r.created_at between times[cardinality(times)] and times[1]
      -- rules out a join that reads all of the user's entries of those days
      limit 1
    ) l;
end
$$;
