-- By UTC day, so that retention is dropping a partition. No DEFAULT partition: rows in it would block making the day they belong to.
-- Days are made by the service (activity.make_day), not here: a migration runs once, days pass.
-- A row without its partition fails with SQLSTATE 23514 and no constraint name; make the day in its own transaction and retry.
create table activity.activity_logs (
  id          uuid        not null,
  user_id     uuid        not null,
  entity_type text        not null,
  -- null where the entity has no uuid (an achievement)
  entity_id   uuid,
  action      text        not null,
  source      text        not null,
  metadata    jsonb       not null default '{}',
  request_id  text,
  created_at  timestamptz not null,
  -- the list, newest first, is this index read backwards
  constraint activity_logs_pkey primary key (user_id, created_at, id),
  constraint activity_logs_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint activity_logs_entity_type_known check (entity_type in ('task', 'subtask', 'template', 'note', 'reminder', 'focus',
    'ai', 'credit', 'subscription', 'achievement', 'user')),
  constraint activity_logs_action_length check (char_length(action) between 1 and 100),
  constraint activity_logs_source_known check (source in ('user', 'ai', 'system')),
  constraint activity_logs_request_id_length check (char_length(request_id) <= 128)
) partition by range (created_at);

-- True if it made the day. Call it in a transaction of its own, with a short lock_timeout: a partition gets its foreign key, which
-- waits for everyone who is writing to auth.users and holds up the next until commit; two callers that had written there
-- themselves would deadlock.
create function activity.make_day(day date) returns boolean
language plpgsql
set search_path = pg_catalog
as $$
declare
  partition constant text := 'activity_logs_' || to_char(day, 'YYYYMMDD');
begin
  if to_regclass('activity.' || partition) is not null then
    return false;
  end if;
  -- two processes start at once, or cross midnight together
  perform pg_advisory_xact_lock(hashtextextended('activity.activity_logs', 0));
  -- not to_regclass again: it may answer from a cache that an advisory lock does not refresh
  if exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'activity' and c.relname = partition
  ) then
    return false;
  end if;
  -- made, then attached: "create table ... partition of" locks the log exclusively before it locks auth.users, and deadlocks with any
  -- request that has changed its user and comes to write its entry
  execute format('create table activity.%I (like activity.activity_logs including all)', partition);
  -- to_char and the explicit offset, because a cast to text follows DateStyle and a bare timestamp follows TimeZone
  execute format(
    'alter table activity.activity_logs attach partition activity.%I for values from (%L) to (%L)',
    partition,
    to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00',
    to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00');
  return true;
end
$$;

-- Returns how many days went. Dropping waits for every reader of the log and makes later ones wait behind it, so the caller sets
-- a short lock_timeout and tries again.
create function activity.drop_days_before(day date) returns integer
language plpgsql
set search_path = pg_catalog
as $$
declare
  partition text;
  dropped integer := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('activity.activity_logs', 0));
  for partition in
    select c.relname
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'activity.activity_logs'::regclass
      and c.relname ~ '^activity_logs_[0-9]{8}$'
      and to_date(right(c.relname, 8), 'YYYYMMDD') < day
    order by c.relname
  loop
    execute format('drop table activity.%I', partition);
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;

-- The whole of what was deleted, so that recovery needs nothing else. At most three per user, kept by the deletion under the
-- user's lock: a constraint cannot count.
create table tasks.deletion_tombstones (
  id                uuid        not null,
  user_id           uuid        not null,
  entity_type       text        not null,
  entity_id         uuid        not null,
  -- the preview, apart from the snapshot so that listing does not read it
  title             text        not null,
  snapshot          jsonb       not null,
  deleted_at        timestamptz not null,
  recoverable_until timestamptz not null,
  constraint deletion_tombstones_pkey primary key (user_id, id),
  constraint deletion_tombstones_id_key unique (id),
  constraint deletion_tombstones_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint deletion_tombstones_entity_type_known check (entity_type in ('task', 'note')),
  constraint deletion_tombstones_title_length check (char_length(title) <= 500),
  constraint deletion_tombstones_until_order check (recoverable_until > deleted_at)
);

-- What the assistant proposed, as validated. Task and note are plain ids: a suggestion must survive a deletion that is undone.
create table activity.ai_suggestions (
  id           uuid        not null,
  user_id      uuid        not null,
  action_type  text        not null,
  task_id      uuid,
  note_id      uuid,
  -- the version it was proposed for: a task changed since is refused
  task_version integer,
  description  text        not null default '',
  data         jsonb       not null,
  status       text        not null default 'proposed',
  expires_at   timestamptz not null,
  confirmed_at timestamptz,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  constraint ai_suggestions_pkey primary key (user_id, id),
  constraint ai_suggestions_id_key unique (id),
  constraint ai_suggestions_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint ai_suggestions_action_type_known
    check (action_type in ('create_task', 'update_task', 'complete_task', 'create_subtasks', 'convert_note')),
  constraint ai_suggestions_description_length check (char_length(description) <= 10000),
  constraint ai_suggestions_status_known check (status in ('proposed', 'confirmed', 'expired')),
  constraint ai_suggestions_confirmed_consistent check ((status = 'confirmed') = (confirmed_at is not null))
);

-- In PostgreSQL and not in memory, because the limit per task and session must hold across instances: one upsert counts and decides.
create table activity.ai_task_counters (
  user_id    uuid        not null,
  -- the access token's id: a refreshed token starts afresh
  jti        text        not null,
  -- no foreign key: deleting and recovering the task must not reset the count
  task_id    uuid        not null,
  requests   integer     not null,
  expires_at timestamptz not null,
  constraint ai_task_counters_pkey primary key (user_id, jti, task_id),
  constraint ai_task_counters_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint ai_task_counters_jti_length check (char_length(jti) between 1 and 128),
  constraint ai_task_counters_requests_positive check (requests >= 1)
);

-- Written while the socket is open, so that a killed process loses neither what was heard nor what was charged.
create table notes.voice_sessions (
  id               uuid        not null,
  user_id          uuid        not null,
  started_at       timestamptz not null,
  ended_at         timestamptz,
  end_reason       text,
  duration_seconds integer     not null default 0,
  minutes_charged  integer     not null default 0,
  credits_used     integer     not null default 0,
  full_transcript  text        not null default '',
  -- the process that owns the socket; opened_at and lease_until are the database's clock, as voice runs on real time
  lease            uuid,
  opened_at        timestamptz not null,
  lease_until      timestamptz,
  constraint voice_sessions_pkey primary key (user_id, id),
  constraint voice_sessions_id_key unique (id),
  constraint voice_sessions_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint voice_sessions_ended_consistent check ((ended_at is null) = (end_reason is null)),
  constraint voice_sessions_active_leased check (ended_at is not null or (lease is not null and lease_until is not null)),
  constraint voice_sessions_end_reason_length check (char_length(end_reason) between 1 and 100),
  constraint voice_sessions_not_negative check (duration_seconds >= 0 and minutes_charged >= 0 and credits_used >= 0),
  constraint voice_sessions_transcript_length check (char_length(full_transcript) <= 100000)
);

-- one session per user, across instances
create unique index voice_sessions_one_active on notes.voice_sessions (user_id) where ended_at is null;
