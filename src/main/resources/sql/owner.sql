-- name: lock
-- Every write of a user's data takes this lock first, so that writes of one user never run
-- concurrently. NO KEY, because an insert that references the user takes a key-share lock on the
-- row. Draws the number of the change, which triggers and defaults record (migration V27), and tells
-- them the time if the user has webhooks (migration V29).
select tier, email, timezone, open_tasks, notes, perk_tasks, perk_notes, perk_daily_credits,
       created_at, set_config('flow.change', nextval('activity.change_seq')::text, true) as change,
       case when webhooks then set_config('flow.webhooks', (:now::timestamptz)::text, true) end
         as webhooks_at
from auth.users
where id = :user_id
for no key update

-- name: find_timezone
-- No row means that the account does not exist.
select timezone from auth.users where id = :user_id
