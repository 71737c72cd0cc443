-- name: lock
-- Every write of a user's data takes this lock first, so that writes of one user never run
-- concurrently. NO KEY, because an insert that references the user takes a key-share lock on the
-- row.
select tier, email, timezone, open_tasks, notes, perk_tasks, perk_notes, perk_daily_credits,
       created_at
from auth.users
where id = :user_id
for no key update
