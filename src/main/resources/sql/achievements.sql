-- name: find_stats
-- All input of a tally in one round trip: one row per locked achievement, each with the user's
-- counters; one row with the counters if no achievement is locked.
select coalesce(s.lifetime_tasks_completed, 0) as lifetime_tasks_completed,
       coalesce(s.focus_completions, 0) as focus_completions,
       coalesce(s.notes_converted, 0) as notes_converted, coalesce(s.recent, '{}') as recent,
       coalesce(s.days, '{}')::text as days, coalesce(s.longest_before, 0) as longest_before,
       s.freezes_from, coalesce(s.frozen, '{}')::text as frozen,
       r.rest_days, r.pauses, r.zones,
       d.id, d.name, d.description, d.category, d.threshold, d.perk_type, d.perk_value
from auth.users u
left join achievements.user_achievement_states s on s.user_id = :user_id
cross join lateral achievements.streak_rules(:user_id) r
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
   last_completion_date, focus_completions, notes_converted, recent, days, kept_until, next_missed,
   frozen, updated_at)
values
  (:user_id, :lifetime_tasks_completed, :current_streak, :latest_streak, :longest_streak,
   :last_completion_date::date, :focus_completions, :notes_converted, :recent::jsonb,
   :days::datemultirange, :kept_until::date, :next_missed::date, :frozen::datemultirange, :now)
on conflict (user_id) do update
set lifetime_tasks_completed = excluded.lifetime_tasks_completed,
    current_streak = excluded.current_streak,
    latest_streak = excluded.latest_streak,
    longest_streak = excluded.longest_streak,
    last_completion_date = excluded.last_completion_date,
    previous_streak = 0,
    previous_completion_date = null,
    focus_completions = excluded.focus_completions,
    notes_converted = excluded.notes_converted,
    recent = excluded.recent,
    days = excluded.days,
    kept_until = excluded.kept_until,
    next_missed = excluded.next_missed,
    frozen = excluded.frozen,
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
       coalesce(s.focus_completions, 0) as focus_completions,
       coalesce(s.notes_converted, 0) as notes_converted, coalesce(s.recent, '{}') as recent,
       coalesce(s.days, '{}')::text as days, coalesce(s.longest_before, 0) as longest_before,
       s.freezes_from, coalesce(s.frozen, '{}')::text as frozen,
       r.rest_days, r.pauses, r.zones,
       d.id, d.name, d.description, d.category, d.threshold, d.perk_type, d.perk_value,
       k.unlocked_at
from auth.users u
join achievements.achievement_definitions d on true
left join achievements.user_achievement_states s on s.user_id = :user_id
cross join lateral achievements.streak_rules(:user_id) r
left join achievements.unlocks k on k.user_id = :user_id and k.achievement_id = d.id
where u.id = :user_id
order by d.position

-- name: lock_missed
-- scope: system fan-out
-- Locks, in batches, the users of whose streaks a missed day may be over. Locks the users first, as
-- every change of what a user sees does, so that changes are recorded in the order of the commits.
-- Waits for a completion that has locked its user.
select s.user_id
from achievements.user_achievement_states s
join auth.users u on u.id = s.user_id
where s.current_streak > 0
  and coalesce(s.next_missed, s.last_completion_date + 1) < :day::date
  and (s.checked_on is null or s.checked_on < :day::date)
order by coalesce(s.next_missed, s.last_completion_date + 1), s.user_id
limit :count
for no key update of u

-- name: find_missed
-- scope: system fan-out
-- Runs after lock_missed, and so sees what the completion has stored for which that waited.
select s.user_id, s.lifetime_tasks_completed, s.focus_completions, s.notes_converted, s.recent,
       s.days::text as days, s.longest_before, s.freezes_from, s.frozen::text as frozen,
       r.rest_days, r.pauses, r.zones
from achievements.user_achievement_states s
cross join lateral achievements.streak_rules(s.user_id) r
where s.user_id = any(:user_ids)

-- name: mark_checked
-- scope: system fan-out
-- A day in the time zone of a user may end later than the UTC day; the next day's run looks again.
update achievements.user_achievement_states
set checked_on = :day::date
where user_id = any(:user_ids)

-- name: store_streak_settings
-- Runs under the owner's lock.
insert into achievements.streak_settings (user_id, streak_day, rest_days, updated_at)
values (:user_id, :streak_day, :rest_days::jsonb, :now)
on conflict (user_id) do update
set streak_day = excluded.streak_day,
    rest_days = excluded.rest_days,
    updated_at = excluded.updated_at

-- name: insert_pause
insert into achievements.streak_pauses (user_id, id, first_day, last_day)
values (:user_id, :id, :first_day::date, :last_day::date)

-- name: end_pause
update achievements.streak_pauses
set last_day = :last_day::date
where user_id = :user_id and id = :id

-- name: delete_pause
delete from achievements.streak_pauses
where user_id = :user_id and id = :id

-- name: find_pause_owner
-- Runs only if the user has no such pause: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from achievements.streak_pauses where id = :id) as elsewhere

-- name: find_settings_versions
-- For undo; a user's settings have no version.
select user_id as id, 0 as version
from achievements.streak_settings
where user_id = :user_id and user_id = any(:ids)

-- name: find_equal_settings
-- For undo.
select t.user_id as id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join achievements.streak_settings t on t.user_id = :user_id and t.user_id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: reset_settings
-- For undo of the first change. Not a deletion, because what is recorded of a row is its changes.
update achievements.streak_settings
set streak_day = 'utc', rest_days = '[]', updated_at = :now
where user_id = :user_id and user_id = any(:ids)

-- name: set_former_settings
-- For undo.
update achievements.streak_settings t
set streak_day = r.streak_day, rest_days = r.rest_days, updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join achievements.streak_settings o on o.user_id = :user_id and o.user_id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where t.user_id = :user_id and t.user_id = o.user_id

-- name: find_pause_versions
-- For undo; pauses have no version.
select id, 0 as version
from achievements.streak_pauses
where user_id = :user_id and id = any(:ids)

-- name: find_equal_pauses
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join achievements.streak_pauses t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: remove_created_pauses
-- For undo.
delete from achievements.streak_pauses
where user_id = :user_id and id = any(:ids)

-- name: set_former_pause_values
-- For undo.
update achievements.streak_pauses t
set first_day = r.first_day, last_day = r.last_day
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join achievements.streak_pauses o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where t.user_id = :user_id and t.id = c.id

-- name: insert_former_pauses
-- For undo.
insert into achievements.streak_pauses (user_id, id, first_day, last_day)
select :user_id, c.id, r.first_day, r.last_day
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::achievements.streak_pauses, c.before) r
