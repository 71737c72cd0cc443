-- Indexes for filters of tasks. docs/decisions/filter-language.md

-- The tasks with a label. A change of label_ids is not HOT anyway, because task_instances_labelled depends on it; tasks without
-- labels have no entry. Without a pending list, which every use would read.
create index task_instances_labels on tasks.task_instances using gin (label_ids) with (fastupdate = off)
  where label_ids <> '{}';

-- Newest and oldest first, of what task_instances_shown leaves out. Written when a task is hidden or archived.
create index task_instances_put_away on tasks.task_instances (user_id, created_at, id) where hidden or archived;

-- Due dates of completed tasks, of which there are years. Written when a task is completed, which writes all indexes.
create index task_instances_completed_due on tasks.task_instances (user_id, due_date, id)
  where completed and due_date is not null;
