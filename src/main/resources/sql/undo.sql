-- name: find_entry
select entity_type, entity_id, action, source, change, created_at
from activity.activity_logs
where user_id = :user_id and id = :id

-- name: find_entry_owner
-- Runs only if the user has no such entry: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from activity.activity_logs where id = :id) as elsewhere

-- name: find_pending
-- Whether a listener that failed in the change is still to be called.
select exists (
  select from ops.job_queue
  where user_id = :user_id and kind = 'handler_retry' and change = :change and state <> 'done'
) as pending

-- name: list_rows
-- In the order of the statements. The index changes_change serves it.
select entity_type, entity_id, version, deleted, before
from activity.changes
where user_id = :user_id and change = :change and entity_type = any(:types)
order by seq
limit :limit

-- name: list_later_rows
-- What later changes have done to some rows, in the order of the statements. Reads the user's later
-- changes, but only if one of these rows has another version than the change has left.
with left_by_change as (
  select entity_id, max(seq) as seq
  from activity.changes
  where user_id = :user_id and change = :change and entity_type = :type and entity_id = any(:ids)
  group by entity_id
)
select c.entity_type, c.entity_id, c.version, c.deleted, c.before
from left_by_change l
join activity.changes c
  on c.user_id = :user_id and c.seq > l.seq and c.entity_type = :type and c.entity_id = l.entity_id
order by c.seq
limit :limit
