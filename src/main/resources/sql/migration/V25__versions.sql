-- The number of changes that a row has seen, as of tasks. Statements of the previous release leave it as it is during a deployment.
-- No check: the columns are only ever increased, and a check would be prepared again for every statement.
alter table notes.notes add column version integer not null default 1;
alter table tasks.task_templates add column version integer not null default 1;
alter table tasks.reminders add column version integer not null default 1;
alter table tasks.subtasks add column version integer not null default 1;
