-- Tables of the peers: those of the same four operations, with the indexes that their statements use.
create type user_tier as enum ('free', 'pro');
create type task_priority as enum ('low', 'medium', 'high');
create type completed_by as enum ('manual', 'auto', 'force');
create type subtask_source as enum ('user', 'ai');

create table users (
  id uuid primary key,
  google_id varchar(255) unique not null,
  email varchar(255) unique not null,
  name varchar(100) not null,
  avatar_url varchar(2048),
  timezone varchar(50) not null default 'UTC',
  tier user_tier not null default 'free',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table task_instances (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  template_id uuid,
  title varchar(200) not null,
  description text not null default '',
  priority task_priority not null default 'medium',
  due_date timestamptz,
  estimated_duration int,
  focus_time_seconds int not null default 0,
  completed boolean not null default false,
  completed_at timestamptz,
  completed_by completed_by,
  hidden boolean not null default false,
  archived boolean not null default false,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table subtasks (
  id uuid primary key,
  task_id uuid not null references task_instances (id) on delete cascade,
  title varchar(200) not null,
  completed boolean not null default false,
  completed_at timestamptz,
  order_index int not null,
  source subtask_source not null default 'user',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table reminders (
  id uuid primary key,
  task_id uuid not null references task_instances (id) on delete cascade,
  user_id uuid not null,
  type varchar(10) not null,
  offset_minutes int,
  scheduled_at timestamptz not null,
  method varchar(10) not null default 'in_app',
  fired boolean not null default false,
  fired_at timestamptz,
  created_at timestamptz not null default now()
);

create table idempotency_keys (
  user_id uuid not null,
  key text not null,
  method text not null,
  path text not null,
  request_hash text not null,
  response_status int,
  response_body text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (user_id, key)
);
