-- name: list_tombstones
-- Newest first; what has expired waits for cleanup and is gone already. No row means no account.
select d.id, d.entity_type, d.entity_id, d.title, d.deleted_at, d.recoverable_until
from auth.users u
left join tasks.deletion_tombstones d on d.user_id = :user_id and d.recoverable_until > :now
where u.id = :user_id
order by d.deleted_at desc, d.id desc

-- name: find_tombstone
select entity_type, entity_id
from tasks.deletion_tombstones
where user_id = :user_id and id = :id and recoverable_until > :now

-- name: find_tombstone_owner
-- Asked only when the owner has no such tombstone: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (
         select from tasks.deletion_tombstones where id = :id and user_id <> :user_id
       ) as elsewhere

-- name: remove_tombstone
-- Behind the statements that bring back what it kept.
delete from tasks.deletion_tombstones
where user_id = :user_id and id = :id
