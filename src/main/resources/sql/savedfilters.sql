-- Filters that users keep. docs/decisions/filter-language.md

-- name: list_filters
-- One row with a null id if there are none; no row means that the account does not exist.
select f.id, f.user_id, f.name, f.query, f.position, f.version, f.created_at, f.updated_at
from auth.users u
left join tasks.filters f on f.user_id = :user_id
where u.id = :user_id
order by f.position, f.id

-- name: find_filter
select id, user_id, name, query, position, version, created_at, updated_at
from tasks.filters
where user_id = :user_id and id = :id

-- name: find_filter_owner
-- Runs only if the user has no such filter: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from tasks.filters where id = :id) as elsewhere

-- name: count_filters
-- Runs under the owner's lock.
select count(*)::int as filters
from tasks.filters
where user_id = :user_id

-- name: insert_filter
insert into tasks.filters (id, user_id, name, query, position, created_at, updated_at)
values (:id, :user_id, :name, :query, :position, :now, :now)

-- name: store_filter
update tasks.filters
set name = :name, query = :query, position = :position, version = :version, updated_at = :updated_at
where user_id = :user_id and id = :id

-- name: delete_filter
delete from tasks.filters
where user_id = :user_id and id = :id

-- name: find_filters_by_ids
-- For synchronization.
select id, user_id, name, query, position, version, created_at, updated_at
from tasks.filters
where user_id = :user_id and id = any(:ids)

-- name: list_filters_by_id
-- For snapshots; the primary key serves it.
select id, user_id, name, query, position, version, created_at, updated_at
from tasks.filters
where user_id = :user_id and id > :after
order by id
limit :limit

-- name: find_equal_filters
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.filters t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: remove_created_filters
-- For undo.
delete from tasks.filters
where user_id = :user_id and id = any(:ids)

-- name: set_former_filter_values
-- For undo.
update tasks.filters f
set name = r.name, query = r.query, position = r.position, version = o.version + 1, updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join tasks.filters o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where f.user_id = :user_id and f.id = c.id

-- name: insert_former_filters
-- For undo.
insert into tasks.filters (id, user_id, name, query, position, version, created_at, updated_at)
select c.id, :user_id, r.name, r.query, r.position, r.version + 1, r.created_at, r.updated_at
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.filters, c.before) r
