-- name: insert_notification
-- One per key, ever: whoever is told a second time is told nothing, even if they deleted the first.
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
-- Nowhere, if the user was told already. Read under the owner's lock, so that nobody comes between.
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
-- The page is chosen by key alone and joined back; an account has one row even for an empty page, so
-- both counts always arrive with it; no row means no account.
with matching as materialized (
  select created_at, id
  from activity.notifications
  where user_id = :user_id and (not :unread_only or not read)
),
page as (
  select id, row_number() over (order by created_at desc, id desc) as place
  from matching
  order by place
  limit :limit offset :offset
)
select (select count(*)::int from matching) as total,
       (select count(*)::int from activity.notifications u
        where u.user_id = :user_id and not u.read) as unread,
       n.id, n.user_id, n.type, n.title, n.body, n.action_url, n.task_id, n.read, n.read_at,
       n.created_at, n.updated_at
from auth.users a
left join page on true
left join activity.notifications n on n.user_id = :user_id and n.id = page.id
where a.id = :user_id
order by page.place

-- name: find_notification
select id, user_id, type, title, body, action_url, task_id, read, read_at, created_at, updated_at
from activity.notifications
where user_id = :user_id and id = :id

-- name: find_notification_owner
-- Asked only when the owner has no such notification: decides between 401, 403 and 404.
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
-- Its key stays. One row, or none if there was no such notification.
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

-- name: list_subscriptions
-- Ten at most.
select id, endpoint, created_at
from activity.push_subscriptions
where user_id = :user_id
order by created_at, id

-- name: store_subscription
-- An endpoint is one browser. Whoever registered it last has it, so that what one user is told does
-- not show on the screen of the next.
insert into activity.push_subscriptions
  (id, user_id, endpoint, p256dh, auth, created_at, updated_at)
values (:id, :user_id, :endpoint, :p256dh, :auth, :created_at::timestamptz, :now)
on conflict (endpoint) do update
set id = excluded.id, user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth,
    created_at = excluded.created_at, updated_at = excluded.updated_at

-- name: delete_endpoint
delete from activity.push_subscriptions where user_id = :user_id and endpoint = :endpoint

-- name: find_push
-- Neither was deleted since the push was asked for.
select n.id, n.user_id, n.type, n.title, n.body, n.action_url, n.task_id, n.read, n.read_at,
       n.created_at, n.updated_at, p.endpoint, p.p256dh, p.auth
from activity.notifications n
join activity.push_subscriptions p on p.user_id = :user_id and p.id = :subscription_id
where n.user_id = :user_id and n.id = :id

-- name: drop_subscription
-- Its push service says that it is gone.
delete from activity.push_subscriptions where user_id = :user_id and id = :id
