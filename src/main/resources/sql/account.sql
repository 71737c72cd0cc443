-- name: find_by_google_id
-- scope: system lookup
-- Locks the row, because a sign-in writes the profile, a refresh token and an activity entry.
select id, google_id, email, name, name_changed, avatar_url, timezone,
       all_day_reminder_time::text as all_day_reminder_time, tier, created_at, updated_at
from auth.users
where google_id = :google_id
for no key update

-- name: register
-- Returns no row if a concurrent first sign-in of the same account has registered the user. Inserts
-- the achievement state in the same statement, so that every user has one.
with joined as (
  insert into auth.users (id, google_id, email, name, avatar_url, created_at, updated_at)
  values (:user_id, :google_id, :email, :name, :avatar_url::text, :now, :now)
  on conflict (google_id) do nothing
  returning id, created_at
)
insert into achievements.user_achievement_states (user_id, updated_at)
select id, created_at from joined

-- name: refresh_profile
-- Stores the profile from Google; the caller passes the user's own name if they have set one.
update auth.users
set email = :email, name = :name, avatar_url = :avatar_url::text, updated_at = :now
where id = :user_id

-- name: find_me
select id, google_id, email, name, avatar_url, timezone,
       all_day_reminder_time::text as all_day_reminder_time, tier, created_at, updated_at
from auth.users
where id = :user_id

-- name: update_me
-- Returns no row if nothing changes. Setting the name to its current value is a change: from then
-- on, sign-ins do not replace it.
update auth.users
set name = coalesce(:name::text, name),
    name_changed = name_changed or :name::text is not null,
    timezone = coalesce(:timezone::text, timezone),
    all_day_reminder_time = coalesce(:all_day_reminder_time::text::time, all_day_reminder_time),
    updated_at = :now
where id = :user_id
  and (name <> :name::text or (:name::text is not null and not name_changed)
       or timezone <> :timezone::text
       or all_day_reminder_time <> :all_day_reminder_time::text::time)
returning id, google_id, email, name, avatar_url, timezone,
          all_day_reminder_time::text as all_day_reminder_time, tier, created_at, updated_at

-- name: change_tier
update auth.users set tier = :tier, updated_at = :now where id = :user_id

-- name: remember_account
-- Runs under the owner's lock, before delete_me. Counts as credits.find_grants and billing.sum_bought do:
-- what of these limits the account has used must survive it.
insert into auth.former_accounts (subject_hash, deleted_at, daily_credits, bought_credits)
select :subject_hash, :now,
       (select coalesce(sum(g.amount), 0)::int
        from billing.ai_credit_grants g
        where g.user_id = :user_id and g.entitled_on = :today::date),
       (select coalesce(sum(p.credits), 0)::int
        from billing.purchases p
        where p.user_id = :user_id and p.created_at >= :month::timestamptz and p.kind = 'credits'
          and p.status = 'captured')
       + case when u.created_at >= :month::timestamptz then u.former_bought_credits else 0 end
from auth.users u
where u.id = :user_id
on conflict (subject_hash) do update
set deleted_at = excluded.deleted_at, daily_credits = excluded.daily_credits,
    bought_credits = excluded.bought_credits

-- name: take_former_account
-- scope: system lookup
delete from auth.former_accounts
where subject_hash = :subject_hash
returning deleted_at, daily_credits, bought_credits

-- name: take_over_bought
update auth.users set former_bought_credits = :bought_credits where id = :user_id

-- name: delete_expired_former_accounts
-- scope: system fan-out
-- Runs daily, in batches.
delete from auth.former_accounts f
using (
  select subject_hash
  from auth.former_accounts
  where deleted_at < :horizon::timestamptz
  order by deleted_at
  limit :count
  for update skip locked
) expired
where f.subject_hash = expired.subject_hash

-- name: delete_me
-- All other rows of the user are deleted by cascade.
delete from auth.users where id = :user_id

-- name: find_refresh_token
-- The presented token with the active token of its family; without an active one, the session has
-- ended. Runs under the owner's lock. Tokens of earlier releases have no started_at.
select presented.family, presented.device_id, presented.device_name,
       coalesce(presented.started_at, presented.created_at) as started_at, presented.seq,
       presented.expires_at, presented.rotated_at, presented.revoked_at,
       active.seq as active_seq, active.token_hash as active_hash, owner.google_id
from auth.refresh_tokens presented
join auth.users owner on owner.id = presented.user_id
left join auth.refresh_tokens active
  on active.user_id = presented.user_id and active.family = presented.family
  and active.rotated_at is null and active.revoked_at is null
where presented.user_id = :user_id and presented.token_hash = :token_hash

-- name: add_refresh_token
insert into auth.refresh_tokens
  (user_id, token_hash, family, seq, created_at, expires_at, device_id, device_name, device_info,
   address, started_at)
values
  (:user_id, :token_hash, :family, :seq, :now, :expires_at::timestamptz, :device_id::uuid,
   :device_name::text, :device_info::text, :address, :started_at::timestamptz)

-- name: rotate_refresh_token
update auth.refresh_tokens
set rotated_at = :now
where user_id = :user_id and token_hash = :token_hash

-- name: find_sessions
-- The newest token of each session that was not ended, most recently used first. At most one per
-- device and one without a device, which the limit of sessions bounds; expired ones are included,
-- because a sign-in replaces them.
select t.family as id, t.device_id, t.device_name, t.device_info, t.address,
       coalesce(t.started_at, t.created_at) as started_at, t.created_at, t.expires_at
from auth.users u
left join auth.refresh_tokens t
  on t.user_id = u.id and t.rotated_at is null and t.revoked_at is null
where u.id = :user_id
order by t.created_at desc, t.family desc

-- name: find_session_owner
-- Runs only if the user has no such session: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (
         select from auth.refresh_tokens where family = :id and user_id <> :user_id
       ) as elsewhere

-- name: find_session_end
-- The newest token of a session, which is revoked when the session ends. A session without a device
-- that was signed out or replaced does not refuse its access tokens: clients of earlier releases
-- rely on that.
select revoked_at is not null
         and (device_id is not null or reason not in ('logged_out', 'replaced')) as ended
from auth.refresh_tokens
where user_id = :user_id and family = :family
order by seq desc
limit 1

-- name: find_ended_sessions
-- scope: system fan-out
-- As find_session_end, of sessions of many users, for their event streams.
select s.family
from unnest(cast(:families as uuid[])) as s (family)
cross join lateral (
  select t.revoked_at, t.device_id, t.reason
  from auth.refresh_tokens t
  where t.family = s.family
  order by t.seq desc
  limit 1
) newest
where newest.revoked_at is not null
  and (newest.device_id is not null or newest.reason not in ('logged_out', 'replaced'))

-- name: end_session
-- Revokes the active token, without which the others of the family are refused.
update auth.refresh_tokens
set revoked_at = :now, reason = :reason
where user_id = :user_id and family = :family and rotated_at is null and revoked_at is null

-- name: revoke_family
update auth.refresh_tokens
set revoked_at = :now, reason = :reason
where user_id = :user_id and family = :family and revoked_at is null

-- name: delete_spent_refresh_tokens
-- scope: system fan-out
-- Runs daily, in batches. A token that was rotated or revoked before the horizon was also created
-- before it, so it expires at most one lifetime later; the index on expires_at serves that bound.
delete from auth.refresh_tokens t
using (
  select user_id, token_hash
  from auth.refresh_tokens
  where expires_at < :bound::timestamptz
    and least(rotated_at, revoked_at, expires_at) < :horizon::timestamptz
  order by expires_at
  limit :count
  for update skip locked
) spent
where t.user_id = spent.user_id and t.token_hash = spent.token_hash

-- name: find_equal_settings
-- For undo.
select u.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join auth.users u on u.id = c.id
where u.id = :user_id and jsonb_populate_record(u, c.before) is not distinct from u

-- name: set_former_settings
-- For undo.
update auth.users u
set name = r.name, name_changed = r.name_changed, timezone = r.timezone,
    all_day_reminder_time = r.all_day_reminder_time, updated_at = :now
from auth.users o
cross join lateral jsonb_populate_record(o, :before::jsonb) r
where o.id = :user_id and u.id = o.id
