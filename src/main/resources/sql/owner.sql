-- name: lock
-- The user's row is the mutex of everything the user owns: taken first by every write, it leaves
-- nothing for two requests of one user to race about. NO KEY: inserting children needs the key.
select tier, email, timezone, open_tasks, notes, perk_tasks, perk_notes, perk_daily_credits,
       created_at
from auth.users
where id = :user_id
for no key update
