-- Repetition from completions. docs/decisions/repeat.md

alter table tasks.task_templates
  -- completion: the next occurrence counts from the day on which the last task was completed, skipped or deleted
  add column anchor text not null default 'schedule',
  -- tasks created by the present rule: completions have no grid on which COUNT could be counted
  add column created integer not null default 0,
  add constraint task_templates_anchor_known check (anchor in ('schedule', 'completion')),
  add constraint task_templates_created_not_negative check (created >= 0);
