-- Addresses at which calendars read the tasks of a user. docs/decisions/calendar-feeds.md
create table tasks.calendar_feeds (
  id           uuid        not null,
  user_id      uuid        not null,
  name         text        not null,
  kind         text        not null,
  -- only tasks with this priority; null: all
  priority     text,
  -- only tasks of this template; null: all. No foreign key: after the template was deleted the feed must show nothing, not
  -- everything, and if the deletion is undone, what it showed before
  template_id  uuid,
  -- SHA-256; the token itself is known to the user alone
  token_hash   bytea       not null,
  -- to the hour
  last_read_at timestamptz,
  created_at   timestamptz not null,
  constraint calendar_feeds_pkey primary key (user_id, id),
  constraint calendar_feeds_id_key unique (id),
  constraint calendar_feeds_token_hash_key unique (token_hash),
  constraint calendar_feeds_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint calendar_feeds_name_length check (char_length(name) between 1 and 100),
  constraint calendar_feeds_kind_known check (kind in ('event', 'todo', 'both')),
  constraint calendar_feeds_priority_known check (priority in ('low', 'medium', 'high')),
  constraint calendar_feeds_token_hash_length check (octet_length(token_hash) = 32)
);

-- What was done lately. Of its columns and conditions, completing a task changes only what the index of open tasks has too, and
-- no other update changes any.
create index task_instances_completed on tasks.task_instances (user_id, completed_at, id)
  where completed and not hidden and not archived;
