-- name: find_stats
-- All input of a tally in one round trip: one row per locked achievement, each with the user's
-- counters; one row with the counters if no achievement is locked.
select coalesce(s.lifetime_tasks_completed, 0) as lifetime_tasks_completed,
       coalesce(s.current_streak, 0) as current_streak,
       coalesce(s.latest_streak, 0) as latest_streak,
       coalesce(s.longest_streak, 0) as longest_streak, s.last_completion_date,
       coalesce(s.previous_streak, 0) as previous_streak, s.previous_completion_date,
       coalesce(s.focus_completions, 0) as focus_completions,
       coalesce(s.notes_converted, 0) as notes_converted, coalesce(s.recent, '{}') as recent,
       d.id, d.name, d.description, d.category, d.threshold, d.perk_type, d.perk_value
from auth.users u
left join achievements.user_achievement_states s on s.user_id = :user_id
left join achievements.achievement_definitions d
  on not exists (
    select from achievements.unlocks k where k.user_id = :user_id and k.achievement_id = d.id
  )
where u.id = :user_id
order by d.position

-- name: store_stats
-- Runs under the owner's lock.
insert into achievements.user_achievement_states
  (user_id, lifetime_tasks_completed, current_streak, latest_streak, longest_streak,
   last_completion_date, previous_streak, previous_completion_date, focus_completions,
   notes_converted, recent, updated_at)
values
  (:user_id, :lifetime_tasks_completed, :current_streak, :latest_streak, :longest_streak,
   :last_completion_date::date, :previous_streak, :previous_completion_date::date,
   :focus_completions, :notes_converted, :recent::jsonb, :now)
on conflict (user_id) do update
set lifetime_tasks_completed = excluded.lifetime_tasks_completed,
    current_streak = excluded.current_streak,
    latest_streak = excluded.latest_streak,
    longest_streak = excluded.longest_streak,
    last_completion_date = excluded.last_completion_date,
    previous_streak = excluded.previous_streak,
    previous_completion_date = excluded.previous_completion_date,
    focus_completions = excluded.focus_completions,
    notes_converted = excluded.notes_converted,
    recent = excluded.recent,
    updated_at = excluded.updated_at

-- name: unlock
-- Adds the perks to the user's row, which the limits are read from. Ignores achievements that are
-- already unlocked.
with unlocked as (
  insert into achievements.unlocks (user_id, achievement_id, unlocked_at)
  select :user_id, reached.id, :now
  from unnest(:achievement_ids::text[]) as reached (id)
  on conflict (user_id, achievement_id) do nothing
  returning achievement_id
),
perks as (
  select coalesce(sum(d.perk_value) filter (where d.perk_type = 'max_tasks'), 0) as tasks,
         coalesce(sum(d.perk_value) filter (where d.perk_type = 'max_notes'), 0) as notes,
         coalesce(sum(d.perk_value) filter (where d.perk_type = 'daily_credits'), 0) as credits
  from unlocked
  join achievements.achievement_definitions d on d.id = unlocked.achievement_id
)
update auth.users u
set perk_tasks = u.perk_tasks + perks.tasks,
    perk_notes = u.perk_notes + perks.notes,
    perk_daily_credits = u.perk_daily_credits + perks.credits
from perks
where u.id = :user_id

-- name: lock_again
-- Takes back achievements, with their perks, when completions are undone.
with locked as (
  delete from achievements.unlocks
  where user_id = :user_id and achievement_id = any(:achievement_ids::text[])
  returning achievement_id
),
perks as (
  select coalesce(sum(d.perk_value) filter (where d.perk_type = 'max_tasks'), 0) as tasks,
         coalesce(sum(d.perk_value) filter (where d.perk_type = 'max_notes'), 0) as notes,
         coalesce(sum(d.perk_value) filter (where d.perk_type = 'daily_credits'), 0) as credits
  from locked
  join achievements.achievement_definitions d on d.id = locked.achievement_id
)
update auth.users u
set perk_tasks = u.perk_tasks - perks.tasks,
    perk_notes = u.perk_notes - perks.notes,
    perk_daily_credits = u.perk_daily_credits - perks.credits
from perks
where u.id = :user_id

-- name: list_definitions
-- Returns no row if the account does not exist.
select d.id, d.name, d.description, d.category, d.threshold, d.perk_type, d.perk_value
from auth.users u
join achievements.achievement_definitions d on true
where u.id = :user_id
order by d.position

-- name: find_overview
-- One row per achievement, each with the user's counters and perks; no row if the account does not
-- exist.
select u.tier, u.perk_tasks, u.perk_notes, u.perk_daily_credits,
       coalesce(s.lifetime_tasks_completed, 0) as lifetime_tasks_completed,
       coalesce(s.current_streak, 0) as current_streak,
       coalesce(s.latest_streak, 0) as latest_streak,
       coalesce(s.longest_streak, 0) as longest_streak, s.last_completion_date,
       coalesce(s.previous_streak, 0) as previous_streak, s.previous_completion_date,
       coalesce(s.focus_completions, 0) as focus_completions,
       coalesce(s.notes_converted, 0) as notes_converted, coalesce(s.recent, '{}') as recent,
       d.id, d.name, d.description, d.category, d.threshold, d.perk_type, d.perk_value,
       k.unlocked_at
from auth.users u
join achievements.achievement_definitions d on true
left join achievements.user_achievement_states s on s.user_id = :user_id
left join achievements.unlocks k on k.user_id = :user_id and k.achievement_id = d.id
where u.id = :user_id
order by d.position

-- name: break_streaks
-- scope: system fan-out
-- Resets, in batches, the streaks of users whose last completion is before the previous day. Locks
-- the users first, as every change of what a user sees does, so that changes are recorded in the
-- order of the commits. Waits for a completion that has locked its user, and evaluates the row again
-- when it updates it. Keeps latest_streak, so that a completion counted late for the previous day
-- continues the streak.
with lapsed as (
  select s.user_id
  from achievements.user_achievement_states s
  join auth.users u on u.id = s.user_id
  where s.current_streak > 0 and s.last_completion_date < :day::date - 1
  order by s.last_completion_date, s.user_id
  limit :count
  for no key update of u
)
update achievements.user_achievement_states s
set current_streak = 0, updated_at = :now
from lapsed
where s.user_id = lapsed.user_id
  and s.current_streak > 0 and s.last_completion_date < :day::date - 1
