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
       t.priority, t.estimated_duration, t.list_id, t.label_ids, t.rrule, t.timezone, t.anchor,
       t.all_day, t.starts_at, t.next_due, t.active, t.created, t.version, t.created_at, t.updated_at
from auth.users u
left join page on true
left join tasks.task_templates t on t.user_id = :user_id and t.id = page.id
where u.id = :user_id
order by page.created_at desc, page.id desc

-- name: find_template
select id, user_id, title, description, priority, estimated_duration, list_id, label_ids, rrule,
       timezone, anchor, all_day, starts_at, next_due, active, created, version, created_at, updated_at
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
  (id, user_id, title, description, priority, estimated_duration, list_id, label_ids, rrule, timezone,
   anchor, all_day, starts_at, next_due, active, created, created_at, updated_at)
values
  (:id, :user_id, :title, :description, :priority, :estimated_duration::int, :list_id::uuid,
   :label_ids, :rrule, :timezone, :anchor, :all_day, :starts_at::timestamptz,
   :next_due::timestamptz, true, :created, :now, :now)

-- name: store_template
-- Stores the state computed under the owner's lock.
update tasks.task_templates
set title = :title,
    description = :description,
    priority = :priority,
    estimated_duration = :estimated_duration::int,
    list_id = :list_id::uuid,
    label_ids = :label_ids,
    rrule = :rrule,
    timezone = :timezone,
    anchor = :anchor,
    all_day = :all_day,
    starts_at = :starts_at::timestamptz,
    next_due = :next_due::timestamptz,
    active = :active,
    created = :created,
    version = :version,
    updated_at = :updated_at
where user_id = :user_id and id = :id

-- name: delete_template
-- The foreign key sets the template of its instances to null.
delete from tasks.task_templates
where user_id = :user_id and id = :id

-- name: find_by_ids
-- For synchronization.
select id, user_id, title, description, priority, estimated_duration, list_id, label_ids, rrule,
       timezone, anchor, all_day, starts_at, next_due, active, created, version, created_at, updated_at
from tasks.task_templates
where user_id = :user_id and id = any(:ids)

-- name: list_by_id
-- For snapshots; the primary key serves it.
select id, user_id, title, description, priority, estimated_duration, list_id, label_ids, rrule,
       timezone, anchor, all_day, starts_at, next_due, active, created, version, created_at, updated_at
from tasks.task_templates
where user_id = :user_id and id > :after
order by id
limit :limit

-- name: find_equal_templates
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.task_templates t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: remove_created_templates
-- For undo.
delete from tasks.task_templates
where user_id = :user_id and id = any(:ids)

-- name: set_former_template_values
-- For undo.
update tasks.task_templates p
set title = r.title,
    description = r.description,
    priority = r.priority,
    estimated_duration = r.estimated_duration,
    list_id = (select l.id from tasks.lists l where l.user_id = :user_id and l.id = r.list_id),
    label_ids = array(
      select l.id
      from unnest(r.label_ids) with ordinality as given (id, position)
      join tasks.labels l on l.user_id = :user_id and l.id = given.id
      order by given.position
    ),
    rrule = r.rrule,
    timezone = r.timezone,
    anchor = r.anchor,
    all_day = r.all_day,
    starts_at = r.starts_at,
    next_due = r.next_due,
    active = r.active,
    created = r.created,
    deleted_parts = r.deleted_parts,
    version = o.version + 1,
    updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.task_templates o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where p.user_id = :user_id and p.id = c.id

-- name: insert_former_templates
-- For undo.
insert into tasks.task_templates
  (id, user_id, title, description, priority, estimated_duration, list_id, label_ids, rrule, timezone,
   anchor, all_day, starts_at, next_due, active, created, deleted_parts, version, created_at,
   updated_at)
select c.id, :user_id, r.title, r.description, r.priority, r.estimated_duration,
       (select l.id from tasks.lists l where l.user_id = :user_id and l.id = r.list_id),
       array(
         select l.id
         from unnest(r.label_ids) with ordinality as given (id, position)
         join tasks.labels l on l.user_id = :user_id and l.id = given.id
         order by given.position
       ),
       r.rrule, r.timezone, r.anchor, r.all_day, r.starts_at, r.next_due, r.active, r.created,
       r.deleted_parts, r.version + 1, r.created_at, r.updated_at
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.task_templates, c.before) r

-- name: find_deleted_occurrence
-- When the newest instance ended, if it was deleted. Parts kept by earlier releases do not say it.
select (deleted_parts ->> 'ended_at')::timestamptz as ended_at
from tasks.task_templates
where user_id = :user_id and id = :id and deleted_parts ->> 'ended_at' is not null
  and (:newest::timestamptz is null
    or (deleted_parts ->> 'occurrence_at')::timestamptz > :newest::timestamptz)

-- name: list_active
-- For calendar feeds: the active templates, which a limit of the account bounds, with what they will
-- create.
select id, user_id, title, description, priority, estimated_duration, list_id, label_ids, rrule,
       timezone, anchor, all_day, starts_at, next_due, active, created, version, created_at, updated_at
from tasks.task_templates
where user_id = :user_id and active
  and (:priority::text is null or priority = :priority::text)
  and (:template_id::uuid is null or id = :template_id::uuid)
order by id
limit :limit

-- name: list_occurrences
-- For calendar feeds: occurrences that have a task. The unique index of occurrences serves it.
select template_id, occurrence_at
from tasks.task_instances
where user_id = :user_id and template_id = any(:template_ids) and occurrence_at >= :from
