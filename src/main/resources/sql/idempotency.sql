-- name: lock_and_find
-- Begins a write with an idempotency key in one round trip: locks the owner's row, deletes an
-- expired record, returns a valid one, and tries the advisory lock of the key, which another
-- process may hold. The snapshot is taken before the lock is granted, so a record that commits
-- during the wait is not seen; the primary key then rejects the second record, and the write runs
-- again. Draws the number of the change and sets the time for webhooks, as owner.lock does.
with expired as (
  delete from ops.idempotency_keys
  where user_id = :user_id and key = :key and created_at <= :horizon::timestamptz
)
select u.tier, u.email, u.timezone, u.open_tasks, u.notes, u.perk_tasks, u.perk_notes,
       u.perk_daily_credits, u.created_at,
       pg_try_advisory_xact_lock(hashtextextended(u.id::text || :key::text, 0)) as locked,
       k.fingerprint, k.state, k.status, k.body,
       set_config('flow.change', nextval('activity.change_seq')::text, true) as change,
       case when u.webhooks then set_config('flow.webhooks', (:now::timestamptz)::text, true) end
         as webhooks_at
from auth.users u
left join ops.idempotency_keys k
  on k.user_id = u.id and k.key = :key and k.created_at > :horizon::timestamptz
where u.id = :user_id
for no key update of u

-- name: store_response
-- A second record for the key violates the primary key, and the later request returns the stored
-- response. Inserts nothing if the request has deleted the user.
insert into ops.idempotency_keys
  (user_id, key, method, path, fingerprint, state, status, body, created_at)
select id, :key, :method, :path, :fingerprint, 'done', :status, :body::text, :now
from auth.users
where id = :user_id

-- name: insert_pending
-- For a request that calls a provider: pending (state 'open') until the call has been settled. A
-- second record violates the primary key.
insert into ops.idempotency_keys
  (user_id, key, method, path, fingerprint, state, status, body, created_at)
values (:user_id, :key, :method, :path, :fingerprint, 'open', null, null, :now)

-- name: complete
-- Runs under the owner's lock, after the record was found to be pending.
update ops.idempotency_keys
set state = 'done', status = :status, body = :body::text
where user_id = :user_id and key = :key and state = 'open'

-- name: release
-- Frees the key of a request that was refused or not settled.
delete from ops.idempotency_keys
where user_id = :user_id and key = :key and state = 'open'

-- name: delete_expired
-- scope: system fan-out
-- Runs daily, in batches.
delete from ops.idempotency_keys k
using (
  select user_id, key
  from ops.idempotency_keys
  where created_at <= :horizon::timestamptz
  order by created_at
  limit :count
  for update skip locked
) expired
where k.user_id = expired.user_id and k.key = expired.key
