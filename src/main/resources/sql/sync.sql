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
  where r.user_id = :user_id and r.seq > :after
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
