-- name: lock
-- Every write of a user's data takes this lock first, so writes of one user never run concurrently.
-- NO KEY, because inserts of rows that reference the user lock its key.
select tier, email, timezone, open_tasks, notes, perk_tasks, perk_notes, perk_daily_credits,
       created_at
from auth.users
where id = :user_id
for no key update
