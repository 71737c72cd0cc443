-- name: list_templates
-- Newest first. An empty page is one row with the total; no row means that the account does not
-- exist.
with matching as materialized (
  select id, created_at
  from tasks.task_templates
  where user_id = :user_id and (:active::boolean is null or active = :active)
),
page as (
  select id, created_at
  from matching
  order by created_at desc, id desc
  limit :limit offset :offset
)
select (select count(*)::int from matching) as total, t.id, t.user_id, t.title, t.description,
       t.priority, t.estimated_duration, t.rrule, t.timezone, t.starts_at, t.next_due, t.active,
       t.version, t.created_at, t.updated_at
from auth.users u
left join page on true
left join tasks.task_templates t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.created_at desc, page.id desc

-- name: find_template
select id, user_id, title, description, priority, estimated_duration, rrule, timezone, starts_at,
       next_due, active, version, created_at, updated_at
from tasks.task_templates
where user_id = :user_id and id = :id

-- name: find_template_owner
-- Runs only if the user has no such template: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.task_templates where id = :id) as elsewhere

-- name: count_active
-- Runs under the owner's lock, so that the number holds until the commit.
select count(*)::int as active
from tasks.task_templates
where user_id = :user_id and active

-- name: insert_template
insert into tasks.task_templates
  (id, user_id, title, description, priority, estimated_duration, rrule, timezone, starts_at,
   next_due, active, created_at, updated_at)
values
  (:id, :user_id, :title, :description, :priority, :estimated_duration::int, :rrule, :timezone,
   :starts_at::timestamptz, :next_due::timestamptz, true, :now, :now)

-- name: store_template
-- Stores the state computed under the owner's lock.
update tasks.task_templates
set title = :title,
    description = :description,
    priority = :priority,
    estimated_duration = :estimated_duration::int,
    rrule = :rrule,
    timezone = :timezone,
    starts_at = :starts_at::timestamptz,
    next_due = :next_due::timestamptz,
    active = :active,
    version = :version,
    updated_at = :updated_at
where user_id = :user_id and id = :id

-- name: delete_template
-- The foreign key sets the template of its instances to null.
delete from tasks.task_templates
where user_id = :user_id and id = :id

-- name: find_by_ids
-- For synchronization.
select id, user_id, title, description, priority, estimated_duration, rrule, timezone, starts_at,
       next_due, active, version, created_at, updated_at
from tasks.task_templates
where user_id = :user_id and id = any(:ids)

-- name: list_by_id
-- For snapshots; the primary key serves it.
select id, user_id, title, description, priority, estimated_duration, rrule, timezone, starts_at,
       next_due, active, version, created_at, updated_at
from tasks.task_templates
where user_id = :user_id and id > :after
order by id
limit :limit
