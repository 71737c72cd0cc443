-- The service's 2,000 users with 40 tasks of 2 subtasks each: the rows of data.sql.
insert into auth.users (id, google_id, email, name, tier, open_tasks, created_at, updated_at)
select lpad(u::text, 32, '0')::uuid, 'g' || u, 'user' || u || '@example.com', 'User ' || u, 'pro',
       40, now() - interval '60 days', now() - interval '60 days'
from generate_series(1, 2000) u;

insert into tasks.task_instances
  (id, user_id, title, description, priority, due_date, estimated_duration, created_at, updated_at,
   subtask_count, subtask_completed_count)
select lpad((u * 100 + t)::text, 32, '0')::uuid, lpad(u::text, 32, '0')::uuid, 'Task ' || t,
       repeat('Some words. ', 8), (array['low', 'medium', 'high'])[1 + t % 3],
       now() + t * interval '1 hour', 30 + t, now() - t * interval '1 minute',
       now() - t * interval '1 minute', 2, 1
from generate_series(1, 2000) u, generate_series(0, 39) t;

insert into tasks.subtasks
  (id, user_id, task_id, title, completed, completed_at, order_index, created_at, updated_at)
select gen_random_uuid(), t.user_id, t.id, 'Subtask ' || s, s = 0, case when s = 0 then now() end, s,
       now(), now()
from tasks.task_instances t, generate_series(0, 1) s;
