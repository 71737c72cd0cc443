-- The agenda. docs/decisions/agenda.md

-- Tasks without a due date that are on the agenda from the day on which they start.
create index task_instances_starting on tasks.task_instances (user_id, start_on)
  where start_on is not null and due_date is null and not completed and not hidden and not archived;
