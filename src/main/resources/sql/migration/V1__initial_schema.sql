-- Keys and foreign keys start with user_id: a forgotten ownership check finds nothing, and the schema can be distributed by user.
-- The separate unique (id) on what the API addresses by id answers only "exists, but not yours" (403 instead of 404).
-- Constraint names are part of the code: services translate them into refusals. Rename one only together with its Java.

create schema if not exists auth;
create schema if not exists tasks;
create schema if not exists notes;
create schema if not exists billing;
create schema if not exists achievements;
create schema if not exists activity;
create schema if not exists ops;

-- Every write of a user locks this row first (for no key update), so it also carries what limits are checked against:
-- a count taken under a lock still sees the rows as of the statement's start, a counter on the locked row does not.
create table auth.users (
  id                 uuid        not null,
  google_id          text        not null,
  email              text        not null,
  name               text        not null,
  name_changed       boolean     not null default false,
  avatar_url         text,
  timezone           text        not null default 'UTC',
  tier               text        not null default 'free',
  open_tasks         integer     not null default 0,
  notes              integer     not null default 0,
  perk_tasks         integer     not null default 0,
  perk_notes         integer     not null default 0,
  perk_daily_credits integer     not null default 0,
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  constraint users_pkey primary key (id),
  constraint users_google_id_key unique (google_id),
  constraint users_google_id_length check (char_length(google_id) between 1 and 255),
  -- not unique: two Google accounts can swap addresses
  constraint users_email_length check (char_length(email) between 1 and 320),
  constraint users_name_length check (char_length(name) between 1 and 200),
  constraint users_avatar_url_length check (char_length(avatar_url) <= 4096),
  constraint users_timezone_length check (char_length(timezone) between 1 and 64),
  constraint users_tier_known check (tier in ('free', 'pro')),
  constraint users_open_tasks_not_negative check (open_tasks >= 0),
  constraint users_notes_not_negative check (notes >= 0),
  constraint users_perks_not_negative check (perk_tasks >= 0 and perk_notes >= 0 and perk_daily_credits >= 0)
)
-- the counters change with every task and note and no changing column is indexed: free space in the page keeps those updates HOT
with (fillfactor = 85);

-- A rule lives apart from what it produced, so that changing or deleting it leaves past instances as they were.
create table tasks.task_templates (
  id                 uuid        not null,
  user_id            uuid        not null,
  title              text        not null,
  description        text        not null default '',
  priority           text        not null default 'medium',
  estimated_duration integer,
  rrule              text        not null,
  -- the rule is evaluated here, not in the user's zone of the day: moving must not move the past
  timezone           text        not null,
  starts_at          timestamptz not null,
  -- the next occurrence not yet made; null once COUNT or UNTIL is used up
  next_due           timestamptz,
  active             boolean     not null default true,
  created_at         timestamptz not null,
  updated_at         timestamptz not null,
  constraint task_templates_pkey primary key (user_id, id),
  constraint task_templates_id_key unique (id),
  constraint task_templates_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint task_templates_title_length check (char_length(title) between 1 and 200),
  constraint task_templates_description_length check (char_length(description) <= 10000),
  constraint task_templates_priority_known check (priority in ('low', 'medium', 'high')),
  constraint task_templates_estimated_duration_range check (estimated_duration between 1 and 720),
  constraint task_templates_rrule_length check (char_length(rrule) between 1 and 500),
  constraint task_templates_timezone_length check (char_length(timezone) between 1 and 64),
  -- 'infinity' is a valid timestamptz that no client can parse
  constraint task_templates_times_finite check (isfinite(starts_at) and isfinite(next_due))
);

-- The hottest table: its indexes are the three keys below and nothing else (V8 says why), all on columns that no PATCH changes.
create table tasks.task_instances (
  id                      uuid        not null,
  user_id                 uuid        not null,
  template_id             uuid,
  title                   text        not null,
  description             text        not null default '',
  priority                text        not null default 'medium',
  due_date                timestamptz,
  estimated_duration      integer,
  focus_time_seconds      integer     not null default 0,
  completed               boolean     not null default false,
  completed_at            timestamptz,
  completed_by            text,
  hidden                  boolean     not null default false,
  archived                boolean     not null default false,
  subtask_count           integer     not null default 0,
  subtask_completed_count integer     not null default 0,
  -- set at the first completion and kept through reopening: a task counts once in its life towards achievements
  counted_at              timestamptz,
  occurrence_at           timestamptz,
  version                 integer     not null default 1,
  created_at              timestamptz not null,
  updated_at              timestamptz not null,
  constraint task_instances_pkey primary key (user_id, id),
  constraint task_instances_id_key unique (id),
  -- also what a template's deletion and the template_id filter look up
  constraint task_instances_occurrence_key unique (user_id, template_id, occurrence_at),
  constraint task_instances_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  -- the column is named because user_id must not be set null with it
  constraint task_instances_template_fkey foreign key (user_id, template_id)
    references tasks.task_templates (user_id, id) on delete set null (template_id),
  constraint task_instances_title_length check (char_length(title) between 1 and 200),
  constraint task_instances_description_length check (char_length(description) <= 10000),
  constraint task_instances_priority_known check (priority in ('low', 'medium', 'high')),
  constraint task_instances_due_date_finite check (isfinite(due_date)),
  constraint task_instances_estimated_duration_range check (estimated_duration between 1 and 720),
  constraint task_instances_focus_time_not_negative check (focus_time_seconds >= 0),
  constraint task_instances_completed_by_known check (completed_by in ('manual', 'auto', 'force')),
  constraint task_instances_completed_consistent
    check (completed = (completed_at is not null) and completed = (completed_by is not null)),
  constraint task_instances_subtask_counts check (0 <= subtask_completed_count and subtask_completed_count <= subtask_count),
  -- unique treats nulls as distinct: without this, an instance lacking its occurrence would slip past occurrence_key
  constraint task_instances_occurrence_present check (template_id is null or occurrence_at is not null),
  constraint task_instances_version_positive check (version >= 1)
)
-- completing, reopening and editing touch no indexed column: free space in the page keeps them HOT
with (fillfactor = 85);

create table tasks.subtasks (
  id           uuid        not null,
  user_id      uuid        not null,
  task_id      uuid        not null,
  title        text        not null,
  completed    boolean     not null default false,
  completed_at timestamptz,
  order_index  integer     not null,
  source       text        not null default 'user',
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  constraint subtasks_pkey primary key (user_id, id),
  constraint subtasks_id_key unique (id),
  -- deferrable so that it is checked after the statement, not after each row: shifting a range passes through duplicates
  constraint subtasks_order_key unique (user_id, task_id, order_index) deferrable initially immediate,
  constraint subtasks_task_fkey foreign key (user_id, task_id)
    references tasks.task_instances (user_id, id) on delete cascade,
  constraint subtasks_title_length check (char_length(title) between 1 and 200),
  constraint subtasks_completed_consistent check (completed = (completed_at is not null)),
  constraint subtasks_order_not_negative check (order_index >= 0),
  constraint subtasks_source_known check (source in ('user', 'ai'))
);
