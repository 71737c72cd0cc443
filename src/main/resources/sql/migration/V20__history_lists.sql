-- Notes, newest first, of those that are archived or not. Archiving one is its only change that writes to this index.
create index notes_newest on notes.notes (user_id, archived, created_at, id);

-- Voice sessions, newest first.
create index voice_sessions_newest on notes.voice_sessions (user_id, started_at, id);

-- Reminders, soonest first; those of completed tasks stay.
create index reminders_soonest on tasks.reminders (user_id, scheduled_at, id);

-- Also the pages of the export.
drop index billing.payment_events_user;
create index payment_events_user on billing.payment_events (user_id, id) where user_id is not null;

-- One entity's entries, newest first. The entity comes first because most entries are about recent entities, whose ids are
-- close together: few pages of the index change.
create index activity_logs_entity on activity.activity_logs (entity_id, user_id, created_at, id) where entity_id is not null;

-- One type's entries, newest first. Most entries are about tasks, so that the primary key finds those as fast; this index then
-- costs changes of tasks nothing.
create index activity_logs_type on activity.activity_logs (user_id, entity_type, created_at, id) where entity_type <> 'task';

-- A page of the log, newest first, of the entries before a position: one row for each, or one with null columns if there is none.
-- A function because its plans are generic and kept by the session: planning a query of all partitions takes several times as
-- long as running it. Its queries see the caller's snapshot (stable). docs/decisions/activity-log.md
--   before_at, before_id: infinity and the greatest UUID for all entries
--   total: if counted, the number of entries, exact up to 10,000; of more, at least 10,001, and more than the page's end unless it
--   is the last one
create function activity.find_page(
  of_user uuid, of_type text, of_entity uuid, of_action text, of_source text, since timestamptz, before_at timestamptz,
  before_id uuid, skipped bigint, size bigint, counted boolean)
returns table (
  total bigint, id uuid, user_id uuid, entity_type text, entity_id uuid, action text, source text, metadata jsonb,
  request_id text, created_at timestamptz)
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
    return query select known, null::uuid, null::uuid, null, null::uuid, null, null, null::jsonb, null, null::timestamptz;
    return;
  end if;
  return query
    select known, l.id, l.user_id, l.entity_type, l.entity_id, l.action, l.source, l.metadata, l.request_id, l.created_at
    from unnest(times, ids) as k (created_at, id)
    cross join lateral (
      select r.id, r.user_id, r.entity_type, r.entity_id, r.action, r.source, r.metadata, r.request_id, r.created_at
      from activity.activity_logs r
      where r.user_id = of_user and r.created_at = k.created_at and r.id = k.id
        -- opens the partitions of the page only
        and r.created_at between times[cardinality(times)] and times[1]
      -- rules out a join that reads all of the user's entries of those days
      limit 1
    ) l;
end
$$;

