-- Imports of a user's data from files. docs/decisions/import.md

create table tasks.imports (
  id                uuid        not null,
  user_id           uuid        not null,
  source            text        not null,
  dry_run           boolean     not null,
  state             text        not null default 'queued',
  file_bytes        integer     not null,
  compressed        boolean     not null,
  -- of times without a zone in the file; as it was when the file was sent, so that every run reads the same
  timezone          text        not null,
  -- entries of the file that have been processed: the next run continues after them
  processed         integer     not null default 0,
  -- known after the first run, which reads the whole file
  total             integer,
  taken             integer     not null default 0,
  changed           integer     not null default 0,
  left_out          integer     not null default 0,
  -- what was added; tasks and notes may be more than the entries of the file
  tasks_added       integer     not null default 0,
  subtasks_added    integer     not null default 0,
  templates_added   integer     not null default 0,
  reminders_added   integer     not null default 0,
  notes_added       integer     not null default 0,
  -- why the file cannot be read
  error             text,
  error_line        integer,
  created_at        timestamptz not null,
  finished_at       timestamptz,
  constraint imports_pkey primary key (user_id, id),
  constraint imports_id_key unique (id),
  constraint imports_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint imports_source_known
    check (source in ('perpetua_flow', 'todoist_csv', 'todoist_json', 'ticktick_csv', 'icalendar')),
  constraint imports_state_known check (state in ('queued', 'running', 'done', 'failed')),
  constraint imports_finished_consistent check ((state in ('done', 'failed')) = (finished_at is not null)),
  constraint imports_error_consistent check ((state = 'failed') = (error is not null)),
  constraint imports_error_length check (char_length(error) <= 500),
  constraint imports_timezone_length check (char_length(timezone) between 1 and 64),
  constraint imports_file_bytes_range check (file_bytes between 1 and 20971520),
  constraint imports_counts_consistent check (processed = taken + changed + left_out and processed <= total)
);

-- The sweeps, by the time that decides.
create index imports_finished on tasks.imports (finished_at);
create index imports_created on tasks.imports (created_at);

-- The file, deleted a week after the import has finished.
create table tasks.import_parts (
  user_id   uuid    not null,
  import_id uuid    not null,
  part      integer not null,
  content   bytea   not null,
  constraint import_parts_pkey primary key (user_id, import_id, part),
  constraint import_parts_import_fkey foreign key (user_id, import_id)
    references tasks.imports (user_id, id) on delete cascade,
  constraint import_parts_content_length check (octet_length(content) between 1 and 262144)
);
-- The file is compressed already, or is sent once.
alter table tasks.import_parts alter column content set storage external;

-- What became of each entry of the file.
create table tasks.import_lines (
  user_id     uuid    not null,
  import_id   uuid    not null,
  seq         integer not null,
  -- the line of the file on which the entry begins, from 1; null if it has none
  line        integer,
  entity_type text    not null,
  source_id   text    not null,
  title       text    not null,
  outcome     text    not null,
  -- null if nothing was added
  entity_id   uuid,
  reasons     jsonb   not null,
  constraint import_lines_pkey primary key (user_id, import_id, seq),
  constraint import_lines_import_fkey foreign key (user_id, import_id)
    references tasks.imports (user_id, id) on delete cascade,
  constraint import_lines_entity_type_known check (entity_type in ('task', 'template', 'note', 'other')),
  constraint import_lines_outcome_known check (outcome in ('taken', 'changed', 'left')),
  constraint import_lines_title_length check (char_length(title) <= 200),
  constraint import_lines_source_id_length check (char_length(source_id) <= 200)
);

-- Which entity an entry of a source became, so that importing it again adds nothing.
create table tasks.imported_entities (
  user_id     uuid not null,
  source      text not null,
  entity_type text not null,
  source_id   text not null,
  entity_id   uuid not null,
  constraint imported_entities_pkey primary key (user_id, source, entity_type, source_id),
  constraint imported_entities_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint imported_entities_entity_type_known check (entity_type in ('task', 'template', 'note')),
  constraint imported_entities_source_id_length check (char_length(source_id) between 1 and 200)
);
