-- The change feed: which entities of a user changed, in the order of the commits. Clients read it to keep their copies up to
-- date (GET /sync, GET /events). docs/decisions/change-feed.md

-- Drawn by the insert of a change, which runs under the lock of the user's row. So of one user, a later commit has a greater
-- number; between users, the order of numbers is not the order of commits.
create sequence activity.change_seq as bigint cache 1;

-- Without checks, because every insert would plan them again (docs/decisions/row-checks.md); only the triggers below insert.
create table activity.changes (
  user_id     uuid        not null,
  seq         bigint      not null default nextval('activity.change_seq'),
  -- task, template, note, reminder, notification, focus, subscription, achievements, credits or settings
  entity_type text        not null,
  -- the user's id for what a user has one of: subscription, achievements, credits and settings
  entity_id   uuid        not null,
  -- after this change; null if it was deleted, or if entities of its type have no version
  version     integer,
  deleted     boolean     not null,
  -- by the database's clock, because triggers do not know the service's; decides when the row is deleted
  created_at  timestamptz not null default statement_timestamp(),
  constraint changes_pkey primary key (user_id, seq),
  constraint changes_user_fkey foreign key (user_id) references auth.users (id) on delete cascade
);

-- What every process reads several times a second for its event streams, and the clean-up.
create index changes_seq on activity.changes (seq);

-- Triggers and not statements of the service, so that no change is missed: not the rows that a foreign key deletes or changes,
-- nor those that an older release, a script or a restoration writes. Deletions with the account itself are not recorded: the
-- account's row is gone by then.
create function activity.record_versioned() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  -- an entity that gets another id or owner is no longer what it was
  if tg_op = 'DELETE' or (tg_op = 'UPDATE' and (old.id <> new.id or old.user_id <> new.user_id)) then
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    select old.user_id, tg_argv[0], old.id, true
    from auth.users u
    where u.id = old.user_id;
  end if;
  if tg_op <> 'DELETE' then
    insert into activity.changes (user_id, entity_type, entity_id, version, deleted)
    values (new.user_id, tg_argv[0], new.id, new.version, false);
  end if;
  return null;
end
$$;

create function activity.record_unversioned() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  -- an entity that gets another id or owner is no longer what it was
  if tg_op = 'DELETE' or (tg_op = 'UPDATE' and (old.id <> new.id or old.user_id <> new.user_id)) then
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    select old.user_id, tg_argv[0], old.id, true
    from auth.users u
    where u.id = old.user_id;
  end if;
  if tg_op <> 'DELETE' then
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    values (new.user_id, tg_argv[0], new.id, false);
  end if;
  return null;
end
$$;

-- Of sessions, clients see the one that is running.
create function activity.record_focus() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  if tg_op = 'INSERT' then
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    values (new.user_id, 'focus', new.id, false);
  else
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    select old.user_id, 'focus', old.id, true
    from auth.users u
    where u.id = old.user_id;
  end if;
  return null;
end
$$;

-- For tables whose rows of a user are shown as one entity.
create function activity.record_of_user() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  if tg_op = 'DELETE' then
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    select old.user_id, tg_argv[0], old.user_id, false
    from auth.users u
    where u.id = old.user_id;
  else
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    values (new.user_id, tg_argv[0], new.user_id, false);
  end if;
  return null;
end
$$;

create function activity.record_settings() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  insert into activity.changes (user_id, entity_type, entity_id, deleted)
  values (new.id, 'settings', new.id, false);
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

-- A change of a subtask raises the version of its task, whose row is the one that changes.
create trigger task_instances_changed
  after insert or delete on tasks.task_instances
  for each row execute function activity.record_versioned('task');
create trigger task_instances_updated
  after update on tasks.task_instances
  for each row when (old.* is distinct from new.*) execute function activity.record_versioned('task');
create trigger task_templates_changed
  after insert or delete on tasks.task_templates
  for each row execute function activity.record_versioned('template');
create trigger task_templates_updated
  after update on tasks.task_templates
  for each row when (old.* is distinct from new.*) execute function activity.record_versioned('template');
create trigger notes_changed
  after insert or delete on notes.notes
  for each row execute function activity.record_versioned('note');
create trigger notes_updated
  after update on notes.notes
  for each row when (old.* is distinct from new.*) execute function activity.record_versioned('note');
create trigger reminders_changed
  after insert or delete on tasks.reminders
  for each row execute function activity.record_versioned('reminder');
create trigger reminders_updated
  after update on tasks.reminders
  for each row when (old.* is distinct from new.*) execute function activity.record_versioned('reminder');
create trigger notifications_changed
  after insert or delete on activity.notifications
  for each row execute function activity.record_unversioned('notification');
create trigger notifications_updated
  after update on activity.notifications
  for each row when (old.* is distinct from new.*) execute function activity.record_unversioned('notification');
create trigger focus_sessions_started
  after insert on tasks.focus_sessions
  for each row when (new.ended_at is null) execute function activity.record_focus();
create trigger focus_sessions_ended
  after update on tasks.focus_sessions
  for each row when (old.ended_at is null and new.ended_at is not null) execute function activity.record_focus();
create trigger focus_sessions_deleted
  after delete on tasks.focus_sessions
  for each row when (old.ended_at is null) execute function activity.record_focus();
create trigger subscriptions_changed
  after insert or update or delete on billing.subscriptions
  for each row execute function activity.record_of_user('subscription');
create trigger user_achievement_states_changed
  after update on achievements.user_achievement_states
  for each row when (old.* is distinct from new.*) execute function activity.record_of_user('achievements');
create trigger unlocks_changed
  after insert or delete on achievements.unlocks
  for each row execute function activity.record_of_user('achievements');
create trigger ai_credit_grants_changed
  after insert or delete on billing.ai_credit_grants
  for each row execute function activity.record_of_user('credits');
create trigger ai_credit_grants_updated
  after update on billing.ai_credit_grants
  for each row when (old.remaining <> new.remaining) execute function activity.record_of_user('credits');
-- Only these columns are shown; the counters change with every task and note.
create trigger users_settings_changed
  after update of email, name, avatar_url, timezone, tier on auth.users
  for each row
  when ((old.email, old.name, old.avatar_url, old.timezone, old.tier)
    is distinct from (new.email, new.name, new.avatar_url, new.timezone, new.tier))
  execute function activity.record_settings();
