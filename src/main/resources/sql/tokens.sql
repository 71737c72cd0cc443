-- name: find_by_id
-- scope: system lookup
-- A presented token, once per process.
select t.user_id, t.name, t.token_hash, t.scopes, t.expires_at, u.google_id
from auth.personal_tokens t
join auth.users u on u.id = t.user_id
where t.id = :id

-- name: find_active
-- Opens each transaction of a request with a token: no row means that it was revoked.
select expires_at from auth.personal_tokens where user_id = :user_id and id = :id

-- name: find_active_of_streams
-- scope: system fan-out
-- As find_active, of tokens of many users, for their event streams.
select id from auth.personal_tokens where id = any (cast(:ids as uuid[]))

-- name: note_use
-- At most once a minute, however many processes the token is used in.
update auth.personal_tokens
set last_used_at = :now
where user_id = :user_id and id = :id
  and (last_used_at is null or last_used_at <= :now::timestamptz - interval '1 minute')

-- name: list_tokens
-- Newest first; their limit bounds the list.
select t.id, t.name, t.scopes, t.created_at, t.expires_at, t.last_used_at
from auth.users u
left join auth.personal_tokens t on t.user_id = u.id
where u.id = :user_id
order by t.created_at desc, t.id desc

-- name: insert_token
insert into auth.personal_tokens (user_id, id, name, token_hash, scopes, created_at, expires_at)
values (:user_id, :id, :name, :token_hash, :scopes, :now, :expires_at::timestamptz)

-- name: delete_token
delete from auth.personal_tokens where user_id = :user_id and id = :id returning id

-- name: find_token_owner
-- Runs only if the user has no such token: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from auth.personal_tokens where id = :id and user_id <> :user_id) as elsewhere

-- name: list_expiring
-- scope: system fan-out
-- Tokens that expire in a period, except those that were created for no longer than the notice.
select user_id, id
from auth.personal_tokens
where expires_at >= :from::timestamptz and expires_at < :until::timestamptz
  and expires_at - created_at > interval '7 days'
  and id > :after
order by id
limit :count

-- name: find_token
select id, name, scopes, created_at, expires_at, last_used_at
from auth.personal_tokens
where user_id = :user_id and id = :id

-- name: delete_expired
-- scope: system fan-out
-- Runs daily, in batches.
delete from auth.personal_tokens t
using (
  select id
  from auth.personal_tokens
  where expires_at < :horizon::timestamptz
  order by expires_at, id
  limit :count
  for update skip locked
) expired
where t.id = expired.id
