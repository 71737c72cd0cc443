-- The latest run of days, which current_streak forgets once streak_calculate has ended it, and the one before. So a day that arrives
-- late joins what belongs together: a completion counted by a job that repeats it, or clocks that disagree around midnight.
alter table achievements.user_achievement_states
  add column latest_streak integer not null default 0,
  add column previous_streak integer not null default 0,
  add column previous_completion_date date,
  add constraint user_achievement_states_latest_streak check (latest_streak >= 0),
  add constraint user_achievement_states_previous_streak
    check (previous_streak >= 0 and (previous_streak = 0) = (previous_completion_date is null));

update achievements.user_achievement_states set latest_streak = current_streak where current_streak > 0;
