-- name: insert_notification
-- Keys are unique forever: a repeated key inserts nothing, even after the first notification was
-- deleted.
insert into activity.notifications
  (id, user_id, type, title, body, action_url, task_id, dedup_key, created_at, updated_at)
select :id, :user_id, :type, :title, :body, :action_url::text, :task_id::uuid, :dedup_key::text,
       :now, :now
where not exists (
  select from activity.notification_keys k
  where k.user_id = :user_id and k.dedup_key = :dedup_key::text
)
on conflict (user_id, dedup_key) do nothing

-- name: find_push_targets
-- Returns no row if the key was used before. Runs under the owner's lock, so that the result holds
-- until the commit.
select p.id
from activity.push_subscriptions p
where p.user_id = :user_id
  and not exists (
    select from activity.notifications n
    where n.user_id = :user_id and n.dedup_key = :dedup_key::text
  )
  and not exists (
    select from activity.notification_keys k
    where k.user_id = :user_id and k.dedup_key = :dedup_key::text
  )
order by p.id

-- name: list_notifications
-- Newest first. Walks an index for the keys of the page, and reads its rows by id. An empty page is
-- one row with both counts; no row means that the account does not exist.
with page as (
  select created_at, id
  from activity.notifications
  where user_id = :user_id
    and (created_at, id) < (:after_key::timestamptz, :after_id)
  order by created_at desc, id desc
  limit :limit offset :offset
),
unread as (
  select count(*)::int as unread from activity.notifications where user_id = :user_id and not read
)
select case when :counted then (
         select count(*)::int from activity.notifications c where c.user_id = :user_id
       ) end as total,
       unread.unread, n.id, n.user_id, n.type, n.title, n.body, n.action_url, n.task_id, n.read,
       n.read_at, n.created_at, n.updated_at, n.created_at::text as sort_key
from auth.users a
cross join unread
left join page on true
left join lateral (
  select r.id, r.user_id, r.type, r.title, r.body, r.action_url, r.task_id, r.read, r.read_at,
         r.created_at, r.updated_at
  from activity.notifications r
  where r.user_id = :user_id and r.id = page.id
  limit 1
) n on true
where a.id = :user_id
order by page.created_at desc, page.id desc

-- name: list_unread_notifications
-- As list_notifications, of unread ones: a condition that may be absent could not use their index.
with page as (
  select created_at, id
  from activity.notifications
  where user_id = :user_id and not read
    and (created_at, id) < (:after_key::timestamptz, :after_id)
  order by created_at desc, id desc
  limit :limit offset :offset
),
unread as (
  select count(*)::int as unread from activity.notifications where user_id = :user_id and not read
)
select case when :counted then unread.unread end as total,
       unread.unread, n.id, n.user_id, n.type, n.title, n.body, n.action_url, n.task_id, n.read,
       n.read_at, n.created_at, n.updated_at, n.created_at::text as sort_key
from auth.users a
cross join unread
left join page on true
left join lateral (
  select r.id, r.user_id, r.type, r.title, r.body, r.action_url, r.task_id, r.read, r.read_at,
         r.created_at, r.updated_at
  from activity.notifications r
  where r.user_id = :user_id and r.id = page.id
  limit 1
) n on true
where a.id = :user_id
order by page.created_at desc, page.id desc

-- name: find_notification
select id, user_id, type, title, body, action_url, task_id, read, read_at, created_at, updated_at
from activity.notifications
where user_id = :user_id and id = :id

-- name: find_notification_owner
-- Runs only if the user has no such notification: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (
         select from activity.notifications where id = :id and user_id <> :user_id
       ) as elsewhere

-- name: mark_read
update activity.notifications
set read = true, read_at = :now, updated_at = :now
where user_id = :user_id and id = :id and not read

-- name: mark_all_read
update activity.notifications
set read = true, read_at = :now, updated_at = :now
where user_id = :user_id and not read

-- name: delete_notification
-- Keeps the key. Returns one row, or none if there was no such notification.
with deleted as (
  delete from activity.notifications
  where user_id = :user_id and id = :id
  returning id, dedup_key
),
kept as (
  insert into activity.notification_keys (user_id, dedup_key, created_at)
  select :user_id, dedup_key, :now
  from deleted
  where dedup_key is not null
  on conflict (user_id, dedup_key) do nothing
)
select id from deleted

-- name: withdraw
-- Deletes notifications with their keys, so that the user can be notified again.
with deleted as (
  delete from activity.notifications
  where user_id = :user_id and dedup_key = any(:dedup_keys::text[])
)
delete from activity.notification_keys
where user_id = :user_id and dedup_key = any(:dedup_keys::text[])

-- name: list_subscriptions
-- At most ten.
select id, endpoint, created_at
from activity.push_subscriptions
where user_id = :user_id
order by created_at, id

-- name: store_subscription
-- An endpoint is one browser. It belongs to the user who registered it last, so that notifications
-- of a previous user do not appear there.
insert into activity.push_subscriptions
  (id, user_id, endpoint, p256dh, auth, created_at, updated_at)
values (:id, :user_id, :endpoint, :p256dh, :auth, :created_at::timestamptz, :now)
on conflict (endpoint) do update
set id = excluded.id, user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth,
    created_at = excluded.created_at, updated_at = excluded.updated_at

-- name: delete_endpoint
delete from activity.push_subscriptions where user_id = :user_id and endpoint = :endpoint

-- name: find_push
-- Returns no row if notification or subscription was deleted after the push was enqueued.
select n.id, n.user_id, n.type, n.title, n.body, n.action_url, n.task_id, n.read, n.read_at,
       n.created_at, n.updated_at, p.endpoint, p.p256dh, p.auth
from activity.notifications n
join activity.push_subscriptions p on p.user_id = :user_id and p.id = :subscription_id
where n.user_id = :user_id and n.id = :id

-- name: drop_subscription
-- For a subscription that its push service no longer knows.
delete from activity.push_subscriptions where user_id = :user_id and id = :id

-- name: find_by_ids
-- For synchronization.
select id, user_id, type, title, body, action_url, task_id, read, read_at, created_at, updated_at
from activity.notifications
where user_id = :user_id and id = any(:ids)

-- name: list_by_id
-- For snapshots; the primary key serves it.
select id, user_id, type, title, body, action_url, task_id, read, read_at, created_at, updated_at
from activity.notifications
where user_id = :user_id and id > :after
order by id
limit :limit
