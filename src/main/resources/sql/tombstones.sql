-- name: keep_newest
-- The owner's row is locked, so two deletions cannot both overlook the other's tombstone.
delete from tasks.deletion_tombstones
where user_id = :user_id
  and id in (
    select id from tasks.deletion_tombstones
    where user_id = :user_id
    order by deleted_at desc, id desc
    offset :kept
  )

-- name: delete_expired
-- scope: system
-- cleanup, in batches.
delete from tasks.deletion_tombstones
where id in (
  select id
  from tasks.deletion_tombstones
  where recoverable_until <= :now
  order by recoverable_until
  limit :count
  for update skip locked
)
