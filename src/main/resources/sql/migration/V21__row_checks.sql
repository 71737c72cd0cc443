-- The checks of the four tables that almost every write touches. PostgreSQL parses, plans and prepares every check again for every
-- statement, 4 to 7 µs each, which was more than half of what inserting or updating such a row cost; a function in PL/pgSQL is
-- compiled once per session. So the conditions stay what they were, each in one place and reported by its name, but each table has
-- one check, which calls a function. Figures: docs/decisions/row-checks.md
--
-- To change a condition, a migration replaces the function, and drops and adds the constraint: PostgreSQL does not check existing
-- rows again by itself. Adding the constraints reads each table once, while it is locked.

create function auth.check_user(
  google_id text,
  email text,
  name text,
  avatar_url text,
  timezone text,
  tier text,
  open_tasks integer,
  shown_tasks integer,
  notes integer,
  perk_tasks integer,
  perk_notes integer,
  perk_daily_credits integer,
  former_bought_credits integer
) returns boolean
immutable parallel safe language plpgsql
as $$
declare
  violated constant text := case
    when not (char_length(google_id) between 1 and 255)
      then 'users_google_id_length'
    when not (char_length(email) between 1 and 320)
      then 'users_email_length'
    when not (char_length(name) between 1 and 200)
      then 'users_name_length'
    when not (char_length(avatar_url) <= 4096)
      then 'users_avatar_url_length'
    when not (char_length(timezone) between 1 and 64)
      then 'users_timezone_length'
    when not (tier in ('free', 'pro'))
      then 'users_tier_known'
    when not (open_tasks >= 0)
      then 'users_open_tasks_not_negative'
    when not (shown_tasks >= 0)
      then 'users_shown_tasks_not_negative'
    when not (notes >= 0)
      then 'users_notes_not_negative'
    when not (perk_tasks >= 0 and perk_notes >= 0 and perk_daily_credits >= 0)
      then 'users_perks_not_negative'
    when not (former_bought_credits >= 0)
      then 'users_former_bought_credits_not_negative'
  end;
begin
  if violated is null then
    return true;
  end if;
  raise check_violation using
    message = 'row of auth.users violates ' || violated,
    constraint = violated, schema = 'auth', table = 'users';
end
$$;

alter table auth.users
  add constraint users_row check (auth.check_user(
    google_id, email, name, avatar_url, timezone, tier, open_tasks, shown_tasks, notes, perk_tasks, perk_notes,
    perk_daily_credits, former_bought_credits
  )),
  drop constraint users_google_id_length,
  drop constraint users_email_length,
  drop constraint users_name_length,
  drop constraint users_avatar_url_length,
  drop constraint users_timezone_length,
  drop constraint users_tier_known,
  drop constraint users_open_tasks_not_negative,
  drop constraint users_shown_tasks_not_negative,
  drop constraint users_notes_not_negative,
  drop constraint users_perks_not_negative,
  drop constraint users_former_bought_credits_not_negative;

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
  version integer
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
  add constraint task_instances_row check (tasks.check_task(
    template_id, title, description, priority, due_date, estimated_duration, focus_time_seconds, completed,
    completed_at, completed_by, subtask_count, subtask_completed_count, occurrence_at, version
  )),
  drop constraint task_instances_title_length,
  drop constraint task_instances_description_length,
  drop constraint task_instances_priority_known,
  drop constraint task_instances_due_date_finite,
  drop constraint task_instances_estimated_duration_range,
  drop constraint task_instances_focus_time_not_negative,
  drop constraint task_instances_completed_by_known,
  drop constraint task_instances_completed_consistent,
  drop constraint task_instances_subtask_counts,
  drop constraint task_instances_occurrence_present,
  drop constraint task_instances_version_positive;

create function ops.check_idempotency_key(
  method text,
  path text,
  fingerprint bytea,
  state text,
  status smallint,
  body text
) returns boolean
immutable parallel safe language plpgsql
as $$
declare
  violated constant text := case
    when not (char_length(method) between 1 and 10)
      then 'idempotency_keys_method_length'
    when not (char_length(path) between 1 and 8192)
      then 'idempotency_keys_path_length'
    when not (octet_length(fingerprint) = 32)
      then 'idempotency_keys_fingerprint_length'
    when not (state in ('open', 'done'))
      then 'idempotency_keys_state_known'
    when not ((state = 'done') = (status is not null) and (state = 'done' or body is null))
      then 'idempotency_keys_state_consistent'
    when not (status between 200 and 299)
      then 'idempotency_keys_status_success'
    when not (char_length(body) <= 1000000)
      then 'idempotency_keys_body_length'
  end;
begin
  if violated is null then
    return true;
  end if;
  raise check_violation using
    message = 'row of ops.idempotency_keys violates ' || violated,
    constraint = violated, schema = 'ops', table = 'idempotency_keys';
end
$$;

alter table ops.idempotency_keys
  add constraint idempotency_keys_row check (ops.check_idempotency_key(
    method, path, fingerprint, state, status, body
  )),
  drop constraint idempotency_keys_method_length,
  drop constraint idempotency_keys_path_length,
  drop constraint idempotency_keys_fingerprint_length,
  drop constraint idempotency_keys_state_known,
  drop constraint idempotency_keys_state_consistent,
  drop constraint idempotency_keys_status_success,
  drop constraint idempotency_keys_body_length;

create function activity.check_entry(
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
      'ai', 'credit', 'subscription', 'achievement', 'user'))
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

alter table activity.activity_logs
  add constraint activity_logs_row check (activity.check_entry(
    entity_type, action, source, request_id
  )),
  drop constraint activity_logs_entity_type_known,
  drop constraint activity_logs_action_length,
  drop constraint activity_logs_source_known,
  drop constraint activity_logs_request_id_length;

-- The same function as in V17, but compiled once per session instead of once per statement.
create or replace function search.folded(text) returns text
  immutable strict parallel safe language plpgsql
  as $$
begin
  return case when octet_length($1) = char_length($1)
    then upper($1 collate "C") collate "default"
    else normalize(
      translate(
        upper(lower(normalize($1, nfkc) collate "und-x-icu") collate "und-x-icu"),
        U&'\0307\00AD\034F\061C\180E\200B\200C\200D\200E\200F\202A\202B\202C\202D\202E\2060\2061\2062\2063\2064\2066\2067\2068\2069\FE0E\FE0F\FEFF',
        ''),
      nfkc) collate "default"
  end;
end
$$;
