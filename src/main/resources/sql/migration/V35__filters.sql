-- Filters of tasks. docs/decisions/filter-language.md

create table tasks.filters (
  user_id    uuid        not null,
  id         uuid        not null,
  name       text        not null,
  -- in the filter language; names in it are resolved when it is used
  query      text        not null,
  -- as that of a list (migration V32)
  position   text        collate "C" not null,
  version    integer     not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint filters_pkey primary key (user_id, id),
  constraint filters_id_key unique (id),
  constraint filters_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint filters_name_length check (char_length(name) between 1 and 100),
  constraint filters_query_length check (char_length(query) between 1 and 1000),
  constraint filters_position_format check (position ~ '^[0-9A-Za-z]{0,199}[1-9A-Za-z]$')
);
create trigger filters_changed
  after insert or delete on tasks.filters
  for each row execute function activity.record_versioned('filter');
create trigger filters_updated
  after update on tasks.filters
  for each row when (old.* is distinct from new.*) execute function activity.record_versioned('filter');

-- The tasks with a label. A change of label_ids is not HOT anyway, because task_instances_labelled depends on it; tasks without
-- labels have no entry. Without a pending list, which every use would read.
create index task_instances_labels on tasks.task_instances using gin (label_ids) with (fastupdate = off)
  where label_ids <> '{}';

-- Newest and oldest first, of what task_instances_shown leaves out. Written when a task is hidden or archived.
create index task_instances_put_away on tasks.task_instances (user_id, created_at, id) where hidden or archived;

-- Due dates of completed tasks, of which there are years. Written when a task is completed, which writes all indexes.
create index task_instances_completed_due on tasks.task_instances (user_id, due_date, id)
  where completed and due_date is not null;
