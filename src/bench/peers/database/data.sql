-- The peers' 2,000 users with 40 tasks of 2 subtasks each: the rows of service-data.sql.
insert into users (id, google_id, email, name, tier)
select lpad(u::text, 32, '0')::uuid, 'g' || u, 'user' || u || '@example.com', 'User ' || u, 'pro'
from generate_series(1, 2000) u;

insert into task_instances
  (id, user_id, title, description, priority, due_date, estimated_duration, created_at, updated_at)
select lpad((u * 100 + t)::text, 32, '0')::uuid, lpad(u::text, 32, '0')::uuid, 'Task ' || t,
       repeat('Some words. ', 8), (array['low', 'medium', 'high'])[1 + t % 3]::task_priority,
       now() + t * interval '1 hour', 30 + t, now() - t * interval '1 minute',
       now() - t * interval '1 minute'
from generate_series(1, 2000) u, generate_series(0, 39) t;

insert into subtasks (id, task_id, title, completed, completed_at, order_index)
select gen_random_uuid(), t.id, 'Subtask ' || s, s = 0, case when s = 0 then now() end, s
from task_instances t, generate_series(0, 1) s;

create index idx_task_instances_user_id on task_instances (user_id);
create index idx_task_instances_user_created on task_instances (user_id, created_at desc)
  where not hidden;
create index idx_subtasks_task_id on subtasks (task_id);
create index idx_reminders_task_id on reminders (task_id);
