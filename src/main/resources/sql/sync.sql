-- name: find_feed
-- No row means that the account does not exist.
select coalesce((select max(c.seq) from activity.changes c where c.user_id = :user_id), 0) as newest,
       (select s.last_value from activity.change_seq s) as drawn,
       clock_timestamp() as read_at
from auth.users
where id = :user_id

-- name: find_changes
-- In the order of the commits: the owner's lock is held when a number is drawn, so that no change
-- with a lower number becomes visible later. As find_feed, in each row; one row with a null id if
-- there are no changes.
select feed.newest, feed.drawn, feed.read_at, c.seq, c.entity_type, c.id
from auth.users u
cross join lateral (
  select coalesce((select max(m.seq) from activity.changes m where m.user_id = :user_id), 0) as newest,
         (select s.last_value from activity.change_seq s) as drawn,
         clock_timestamp() as read_at
) feed
left join lateral (
  select r.seq, r.entity_type, r.entity_id as id
  from activity.changes r
  where r.user_id = :user_id and r.seq > :after and r.shown
  order by r.seq
  limit :limit
) c on true
where u.id = :user_id
order by c.seq

-- name: delete_expired
-- scope: system fan-out
-- Runs daily, in batches. Numbers begin at 1 and rise with time, up to the length of a transaction:
-- the oldest rows have the lowest. Of these, whether or not they have expired, no more than a batch
-- is read.
delete from activity.changes c
using (
  select o.user_id, o.seq
  from (
    select user_id, seq, created_at from activity.changes where seq > 0 order by seq limit :count
  ) o
  where o.created_at < clock_timestamp() - :retention_ms * interval '1 millisecond'
) expired
where c.user_id = expired.user_id and c.seq = expired.seq

-- name: find_events
-- The changes after a number, in the order of the commits, and how far the feed is. As find_changes,
-- in each row; one row with a null id if there are no changes. Numbers are above 0, which the planner
-- does not know.
select feed.newest, feed.drawn, feed.oldest_kept, c.seq, c.entity_type, c.id, c.version, c.deleted
from auth.users u
cross join lateral (
  select coalesce((select max(m.seq) from activity.changes m where m.user_id = :user_id), 0) as newest,
         (select s.last_value from activity.change_seq s) as drawn,
         (select min(k.seq) from activity.changes k where k.seq > 0) as oldest_kept
) feed
left join lateral (
  select r.seq, r.entity_type, r.entity_id as id, r.version, r.deleted
  from activity.changes r
  where r.user_id = :user_id and r.seq > :after and r.shown
  order by r.seq
  limit :limit
) c on true
where u.id = :user_id
order by c.seq

-- name: find_recent_changes
-- scope: system fan-out
-- Which users have changes above the floor. Reads through changes_seq, and so costs what the new rows
-- cost, however many users are connected. Every transaction that has drawn a number up to newest_of_all
-- has an id below next_transaction: it got its id, by locking a row, before it drew the number. The
-- snapshot's xmax would be too low, because transactions with greater ids may be running. age() counts
-- from an id to the next one.
with recent as materialized (
  select c.user_id, c.seq, c.shown
  from activity.changes c
  where c.seq > :floor
  order by c.seq
  limit :limit
)
select feed.newest_of_all, feed.oldest_transaction, feed.next_transaction, feed.recent_changes,
       changed.user_id as id, changed.newest
from (
  select coalesce((select max(m.seq) from activity.changes m where m.seq > 0), 0) as newest_of_all,
         pg_snapshot_xmin(s.snapshot)::text::bigint as oldest_transaction,
         pg_snapshot_xmax(s.snapshot)::text::bigint + age(pg_snapshot_xmax(s.snapshot)::xid) as next_transaction,
         (select count(*) from recent) as recent_changes
  from (select pg_current_snapshot() as snapshot) s
) feed
left join (
  select user_id, max(seq) as newest from recent where shown group by user_id
) changed on true

-- name: find_changes_of_users
-- scope: system fan-out
-- The changes of each user after the number at the same place, in the order of the commits.
select u.user_id, c.seq, c.entity_type, c.id, c.version, c.deleted,
       (extract(epoch from clock_timestamp() - c.created_at) * 1000)::bigint as age_ms
from unnest(cast(:users as uuid[]), cast(:positions as bigint[])) as u (user_id, position)
cross join lateral (
  select r.seq, r.entity_type, r.entity_id as id, r.version, r.deleted, r.created_at
  from activity.changes r
  where r.user_id = u.user_id and r.seq > u.position and r.shown
  order by r.seq
  limit :limit
) c
order by c.seq

-- name: find_accounts
-- scope: system fan-out
select id from auth.users where id = any(:users)
