-- name: open
-- Opens a keyed write in one round trip: locks the owner's row, drops a record that has outlived
-- its 24 hours, shows one that has not, and tries the key's own lock, which another process may
-- hold. The record is read as of the statement's start, so one that commits while this statement
-- waits is missed here; the primary key then refuses the second record, and the write runs again.
with outlived as (
  delete from ops.idempotency_keys
  where user_id = :user_id and key = :key and created_at <= :horizon::timestamptz
)
select u.tier, u.email, u.timezone, u.open_tasks, u.notes, u.perk_tasks, u.perk_notes,
       u.perk_daily_credits, u.created_at,
       pg_try_advisory_xact_lock(hashtextextended(u.id::text || :key::text, 0)) as locked,
       k.fingerprint, k.state, k.status, k.body
from auth.users u
left join ops.idempotency_keys k
  on k.user_id = u.id and k.key = :key and k.created_at > :horizon::timestamptz
where u.id = :user_id
for no key update of u

-- name: keep
-- A second record for the key violates the primary key: whoever lost that race replays. None is
-- kept for a user whom the request has deleted.
insert into ops.idempotency_keys
  (user_id, key, method, path, fingerprint, state, status, body, created_at)
select id, :key, :method, :path, :fingerprint, 'done', :status, :body::text, :now
from auth.users
where id = :user_id

-- name: reserve
-- The record of a request that asks a provider: open until that is settled. A second one violates
-- the primary key.
insert into ops.idempotency_keys
  (user_id, key, method, path, fingerprint, state, status, body, created_at)
values (:user_id, :key, :method, :path, :fingerprint, 'open', null, null, :now)

-- name: settle
-- The owner is locked and the record was seen to be open.
update ops.idempotency_keys
set state = 'done', status = :status, body = :body::text
where user_id = :user_id and key = :key and state = 'open'

-- name: release
-- Nothing came of it, or nobody settled it: the key may be tried again.
delete from ops.idempotency_keys
where user_id = :user_id and key = :key and state = 'open'

-- name: delete_expired
-- scope: system
-- cleanup, in batches: keys that nobody used again.
delete from ops.idempotency_keys k
using (
  select user_id, key
  from ops.idempotency_keys
  where created_at <= :horizon::timestamptz
  order by created_at
  limit :count
  for update skip locked
) outlived
where k.user_id = outlived.user_id and k.key = outlived.key
