-- name: list_feeds
-- At most ten; newest first. One row with a null id if there are none; no row means that the account
-- does not exist.
select f.id, f.name, f.kind, f.priority, f.template_id, f.filter, f.filter_id, f.last_read_at, f.created_at
from auth.users u
left join tasks.calendar_feeds f on f.user_id = :user_id
where u.id = :user_id
order by f.created_at desc, f.id desc

-- name: count_feeds
-- Runs under the owner's lock, so that the result holds until the commit.
select count(*)::int as feeds
from tasks.calendar_feeds
where user_id = :user_id

-- name: insert_feed
insert into tasks.calendar_feeds
  (id, user_id, name, kind, priority, template_id, filter, filter_id, token_hash, created_at)
values (:id, :user_id, :name, :kind, :priority::text, :template_id::uuid, :filter::text, :filter_id::uuid, :token_hash,
        :now)

-- name: delete_feed
delete from tasks.calendar_feeds
where user_id = :user_id and id = :id

-- name: find_feed_owner
-- Runs only if the user has no such feed: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.calendar_feeds where id = :id) as elsewhere

-- name: find_by_token
-- scope: system lookup
-- The feed of a secret address, with what its entity tag depends on: one statement answers 304.
select f.id, f.user_id, f.name, f.kind, f.priority, f.template_id, f.filter, f.filter_id, f.last_read_at, f.created_at,
       coalesce(f.filter, s.query) as present_filter, u.timezone,
       coalesce((
         select max(c.seq) from activity.changes c where c.user_id = f.user_id
       ), 0) as newest_change
from tasks.calendar_feeds f
join auth.users u on u.id = f.user_id
left join tasks.filters s on s.user_id = f.user_id and s.id = f.filter_id
where f.token_hash = :token_hash

-- name: record_read
-- scope: system lookup
update tasks.calendar_feeds
set last_read_at = :now
where user_id = :feed_user_id and id = :id and (last_read_at is null or last_read_at <= :read_before)

-- name: list_open
-- Soonest due first. The index of open tasks serves order and limit.
select id, title, description, priority, due_date, due_on, estimated_duration, null::timestamptz as completed_at,
       version, created_at, updated_at
from tasks.task_instances
where user_id = :user_id and not completed and not hidden and not archived
  and coalesce(due_date, 'infinity'::timestamptz) < 'infinity'::timestamptz
  and (:priority::text is null or priority = :priority::text)
  and (:template_id::uuid is null or template_id = :template_id::uuid)
order by coalesce(due_date, 'infinity'::timestamptz), id
limit :limit

-- name: list_completed
-- Latest first, without descriptions, which would make thousands of tasks large. The index of
-- completed tasks serves order and limit.
select id, title, '' as description, priority, due_date, due_on, estimated_duration, completed_at,
       version, created_at, updated_at
from tasks.task_instances
where user_id = :user_id and completed and not hidden and not archived and completed_at >= :since
  and (:priority::text is null or priority = :priority::text)
  and (:template_id::uuid is null or template_id = :template_id::uuid)
order by completed_at desc, id desc
limit :limit

-- name: list_subtasks
select task_id, title, completed
from tasks.subtasks
where user_id = :user_id and task_id = any(:task_ids)
order by task_id, order_index

-- name: list_reminders
-- Those that will fire. An absolute one has no offset.
select task_id, case type when 'before' then -offset_minutes else offset_minutes end as after_due, scheduled_at
from tasks.reminders
where user_id = :user_id and task_id = any(:task_ids) and not fired and scheduled_at is not null
order by task_id, scheduled_at, id
