-- name: insert_notification
-- One per key, ever: whoever is told a second time is told nothing.
insert into activity.notifications
  (id, user_id, type, title, body, action_url, task_id, dedup_key, created_at, updated_at)
values
  (:id, :user_id, :type, :title, :body, :action_url::text, :task_id::uuid, :dedup_key::text, :now,
   :now)
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
order by p.id
