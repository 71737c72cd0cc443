-- The run of days before the latest one, and, once streak_calculate has ended that, the latest itself. A day that arrives late joins
-- what belongs together: a completion counted by a job that repeats it, or clocks that disagree around midnight.
alter table achievements.user_achievement_states
  add column previous_streak integer not null default 0,
  add column previous_completion_date date,
  add constraint user_achievement_states_previous_streak
    check (previous_streak >= 0 and (previous_streak = 0 or previous_completion_date is not null));
