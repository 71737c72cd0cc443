-- name: list_agenda
-- A row per task that is shown: first those that are overdue (day -1), then those of :date (day 0) and of the
-- seven days after it (1 to 7), each at most :limit. One row with a null id if there are none; no row means that
-- the account does not exist. The first row of each part also has the counts by list and day.
--
-- :starts are the starts of the eight days, and the end of the last, which is :until. A task's day is the one on
-- which it is due, or on which it starts, if that is later. Without a due date, a task that has started stays on
-- :date.
--
-- Reads open tasks only, through their index, in which those that are due later are not read. Sorts keys, and joins
-- the rows that are shown.
with days as materialized (
  select :starts::timestamptz[] as starts
),
placed as (
  select t.id, t.list_id, t.position, t.created_at, t.due_date, t.due_on,
         greatest(
           case when t.due_on is null then width_bucket(t.due_date, d.starts) - 1 else t.due_on - :date::date end,
           t.start_on - :date::date) as day
  from days d
  cross join tasks.task_instances t
  where t.user_id = :user_id and not t.completed and not t.hidden and not t.archived
    and coalesce(t.due_date, 'infinity'::timestamptz) < :until::timestamptz
  union all
  select t.id, t.list_id, t.position, t.created_at, t.due_date, t.due_on,
         greatest(t.start_on - :date::date, 0) as day
  from tasks.task_instances t
  where t.user_id = :user_id and not t.completed and not t.hidden and not t.archived
    and coalesce(t.due_date, 'infinity'::timestamptz) = 'infinity' and t.due_date is null
    and t.start_on <= :date::date + 7
),
open as materialized (
  select p.id, p.list_id, p.position, p.created_at, p.due_date, p.due_on,
         case
           when p.day > 0 then p.day
           when p.due_on < :date::date or (p.due_on is null and p.due_date < :overdue_before) then -1
           else 0
         end as day
  from placed p
  left join tasks.lists l on l.user_id = :user_id and l.id = p.list_id
  where p.day <= 7 and l.archived is not true
),
shown as (
  select o.id, o.day, part.sign, row_number() over (
           partition by part.sign order by o.day, o.timed, o.due_date, o.place, o.id) as rank
  from (values (-1), (0), (1)) part (sign)
  cross join lateral (
    select id, day, day >= 0 and due_on is null and due_date is not null as timed, due_date,
           coalesce(position,
             lpad(to_hex((date_part('epoch', created_at) * 1000)::bigint), 12, '0') || 'V') collate "C" as place
    from open
    where sign(day) = part.sign
    -- of a day, those without a time come first
    order by day, timed, due_date, place, id
    limit :limit
  ) o
)
select (
         select count(*)::int
         from tasks.task_instances
         where user_id = :user_id and completed and not hidden and not archived
           and completed_at >= :from and completed_at < :next
       ) as completed_count,
       case when s.rank = 1 then (
         select json_agg(json_build_object('list_id', list_id, 'day', day, 'tasks', tasks)
                         order by list_id nulls first)::text
         from (select list_id, day, count(*) as tasks from open group by list_id, day) counted
       ) end as counts,
       s.day,
       t.id, t.user_id, t.template_id, t.title, t.description,
       t.priority, t.due_date, t.estimated_duration,
       t.due_on, t.start_on, t.list_id, t.position, t.label_ids,
       t.focus_time_seconds, t.completed,
       t.completed_at, t.completed_by, t.hidden, t.archived, t.subtask_count,
       t.subtask_completed_count, t.version, t.counted_at, t.created_at, t.updated_at
from auth.users u
left join (shown s join tasks.task_instances t on t.user_id = :user_id and t.id = s.id) on true
where u.id = :user_id
order by s.sign, s.rank
