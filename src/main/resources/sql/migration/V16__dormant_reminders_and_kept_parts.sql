-- A relative reminder of a task without a due date has no time until the task gets one.
alter table tasks.reminders
  alter column scheduled_at drop not null,
  add constraint reminders_dormant_relative
    check (scheduled_at is not null or (type <> 'absolute' and not fired));

-- The next instance copies the subtasks and relative reminders of the newest one. If that was deleted, this is what
-- they were: {"occurrence_at", "subtasks": [{"title", "source"}], "reminders": [{"type", "offset_minutes", "method"}]}.
-- A tombstone may be gone by then.
alter table tasks.task_templates
  add column deleted_parts jsonb,
  add constraint task_templates_deleted_parts_object
    check (jsonb_typeof(deleted_parts) = 'object' and deleted_parts ?& array['occurrence_at', 'subtasks', 'reminders']);
