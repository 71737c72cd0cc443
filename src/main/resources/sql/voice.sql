-- name: find_active
-- Runs under the owner's lock. Leases use the database's clock, which all processes share.
select id, user_id, started_at, ended_at, end_reason, duration_seconds, minutes_charged,
       credits_used, full_transcript, lease, coalesce(lease_until > clock_timestamp(), false) as leased
from notes.voice_sessions
where user_id = :user_id and ended_at is null

-- name: insert_session
insert into notes.voice_sessions (id, user_id, started_at, lease, opened_at, lease_until)
values (:id, :user_id, :now, :lease, clock_timestamp(),
        clock_timestamp() + :lease_ms * interval '1 millisecond')

-- name: find_session
select id, user_id, started_at, ended_at, end_reason, duration_seconds, minutes_charged,
       credits_used, full_transcript, lease, coalesce(lease_until > clock_timestamp(), false) as leased
from notes.voice_sessions
where user_id = :user_id and id = :id

-- name: find_session_owner
-- Runs only if the user has no such session: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from notes.voice_sessions where id = :id) as elsewhere

-- name: list_sessions
-- Newest first. Walks an index for the keys of the page, and reads its rows by id. An empty page is
-- one row with the total.
with page as (
  select started_at, id
  from notes.voice_sessions
  where user_id = :user_id
  order by started_at desc, id desc
  limit :limit offset :offset
)
select (select count(*)::int from notes.voice_sessions where user_id = :user_id) as total,
       v.id, v.user_id, v.started_at, v.ended_at, v.end_reason, v.duration_seconds,
       v.minutes_charged, v.credits_used, v.full_transcript, v.lease, false as leased
from auth.users u
left join page on true
left join lateral (
  select r.id, r.user_id, r.started_at, r.ended_at, r.end_reason, r.duration_seconds,
         r.minutes_charged, r.credits_used, r.full_transcript, r.lease
  from notes.voice_sessions r
  where r.user_id = :user_id and r.id = page.id
  limit 1
) v on true
where u.id = :user_id
order by page.started_at desc, page.id desc

-- name: store_progress
-- Runs during the session, so that a killed process loses little of it.
update notes.voice_sessions
set full_transcript = :transcript, duration_seconds = greatest(duration_seconds, :seconds),
    minutes_charged = :minutes, credits_used = :credits
where user_id = :user_id and id = :id and ended_at is null

-- name: store_end
update notes.voice_sessions
set ended_at = :now, end_reason = :reason, duration_seconds = :seconds, minutes_charged = :minutes,
    credits_used = :credits, full_transcript = :transcript, lease = null, lease_until = null
where user_id = :user_id and id = :id and ended_at is null

-- name: extend_leases
-- scope: system fan-out
-- All sessions of one process; a partial index covers the few active rows.
update notes.voice_sessions
set lease_until = clock_timestamp() + :lease_ms * interval '1 millisecond'
where ended_at is null and lease = :lease

-- name: add_ticket
-- Also deletes the user's expired tickets, so that the rate limit bounds their number. Runs under
-- the owner's lock.
with expired as (
  delete from notes.voice_tickets
  where user_id = :user_id and expires_at <= clock_timestamp()
)
insert into notes.voice_tickets (user_id, ticket_hash, session_id, expires_at)
values (:user_id, :ticket_hash, :session_id::uuid,
        clock_timestamp() + :lifetime_ms * interval '1 millisecond')

-- name: redeem_ticket
-- scope: system lookup
-- A concurrent redemption waits for the row and then finds it deleted.
delete from notes.voice_tickets
where ticket_hash = :ticket_hash and expires_at > clock_timestamp()
returning user_id, session_id

-- name: delete_expired_tickets
-- scope: system fan-out
-- Runs daily, in batches. The time is a subquery because clock_timestamp() itself, which is
-- volatile, could not be looked up in the index.
delete from notes.voice_tickets t
using (
  select user_id, ticket_hash
  from notes.voice_tickets
  where expires_at <= (select clock_timestamp())
  order by expires_at
  limit :count
  for update skip locked
) expired
where t.user_id = expired.user_id and t.ticket_hash = expired.ticket_hash
