-- name: keep_newest
-- Correct only under the owner's lock: concurrent deletions would not see each other's tombstones.
delete from tasks.deletion_tombstones
where user_id = :user_id
  and id in (
    select id from tasks.deletion_tombstones
    where user_id = :user_id
    order by seq desc, deleted_at desc, id desc
    offset :kept
  )

-- name: delete_expired
-- scope: system fan-out
-- Runs daily, in batches.
delete from tasks.deletion_tombstones
where id in (
  select id
  from tasks.deletion_tombstones
  where recoverable_until <= :now
  order by recoverable_until
  limit :count
  for update skip locked
)

-- name: list_tombstones
-- Newest first. Expired tombstones are excluded, whether or not cleanup has run. No row means that
-- the account does not exist.
select d.id, d.entity_type, d.entity_id, d.title, d.deleted_at, d.recoverable_until
from auth.users u
left join tasks.deletion_tombstones d on d.user_id = :user_id and d.recoverable_until > :now
where u.id = :user_id
order by d.seq desc, d.deleted_at desc, d.id desc

-- name: find_tombstone
select entity_type
from tasks.deletion_tombstones
where user_id = :user_id and id = :id and recoverable_until > :now

-- name: find_tombstone_owner
-- Runs only if the user has no such tombstone: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (
         select from tasks.deletion_tombstones where id = :id and user_id <> :user_id
       ) as elsewhere

-- name: remove_tombstone
-- Runs after the statements that restore its rows.
delete from tasks.deletion_tombstones
where user_id = :user_id and id = :id

-- name: remove_created_tombstones
-- For undo.
delete from tasks.deletion_tombstones
where user_id = :user_id and id = any(:ids)

-- name: insert_former_tombstones
-- For undo; not those that have expired.
insert into tasks.deletion_tombstones
  (id, user_id, entity_type, entity_id, title, snapshot, deleted_at, recoverable_until, seq)
select c.id, :user_id, r.entity_type, r.entity_id, r.title, r.snapshot, r.deleted_at,
       r.recoverable_until, r.seq
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::tasks.deletion_tombstones, c.before) r
where r.recoverable_until > :now
