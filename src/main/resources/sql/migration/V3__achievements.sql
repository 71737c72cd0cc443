-- The catalogue is data: a new achievement is a row, not code. The category names the figure that the threshold is compared with.
create table achievements.achievement_definitions (
  id          text     not null,
  position    smallint not null,
  name        text     not null,
  description text     not null,
  category    text     not null,
  threshold   integer  not null,
  perk_type   text     not null,
  perk_value  integer  not null,
  constraint achievement_definitions_pkey primary key (id),
  constraint achievement_definitions_position_key unique (position),
  constraint achievement_definitions_id_length check (char_length(id) between 1 and 50),
  constraint achievement_definitions_name_length check (char_length(name) between 1 and 100),
  constraint achievement_definitions_description_length check (char_length(description) between 1 and 500),
  constraint achievement_definitions_category_known check (category in ('tasks', 'streaks', 'focus', 'notes')),
  constraint achievement_definitions_threshold_positive check (threshold > 0),
  constraint achievement_definitions_perk_type_known check (perk_type in ('max_tasks', 'max_notes', 'daily_credits')),
  constraint achievement_definitions_perk_value_positive check (perk_value > 0)
);

insert into achievements.achievement_definitions
  (id, position, name, description, category, threshold, perk_type, perk_value)
values
  ('tasks_5',   1, 'Task Starter',   'Complete 5 tasks',              'tasks',     5, 'max_tasks',     15),
  ('tasks_25',  2, 'Task Master',    'Complete 25 tasks',             'tasks',    25, 'max_tasks',     25),
  ('tasks_100', 3, 'Centurion',      'Complete 100 tasks',            'tasks',   100, 'max_tasks',     50),
  ('streak_7',  4, 'Week Warrior',   'Keep a 7-day streak',           'streaks',   7, 'daily_credits',  2),
  ('streak_30', 5, 'Monthly Master', 'Keep a 30-day streak',          'streaks',  30, 'daily_credits',  5),
  ('focus_10',  6, 'Focus Initiate', 'Reach 10 focus completions',    'focus',    10, 'max_notes',      5),
  ('notes_10',  7, 'Note Taker',     'Convert 10 notes',              'notes',    10, 'max_notes',      5);

-- One row per user, so that progress never counts history (which cleanup and deletion shorten).
create table achievements.user_achievement_states (
  user_id                  uuid        not null,
  lifetime_tasks_completed integer     not null default 0,
  current_streak           integer     not null default 0,
  longest_streak           integer     not null default 0,
  focus_completions        integer     not null default 0,
  notes_converted          integer     not null default 0,
  -- a UTC day
  last_completion_date     date,
  updated_at               timestamptz not null,
  constraint user_achievement_states_pkey primary key (user_id),
  constraint user_achievement_states_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint user_achievement_states_not_negative
    check (lifetime_tasks_completed >= 0 and current_streak >= 0 and focus_completions >= 0 and notes_converted >= 0),
  constraint user_achievement_states_longest_streak check (longest_streak >= current_streak),
  constraint user_achievement_states_streak_dated check (current_streak = 0 or last_completion_date is not null)
);

-- A row each: the primary key is what makes an unlock happen once.
create table achievements.unlocks (
  user_id        uuid        not null,
  achievement_id text        not null,
  unlocked_at    timestamptz not null,
  constraint unlocks_pkey primary key (user_id, achievement_id),
  constraint unlocks_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint unlocks_achievement_fkey foreign key (achievement_id) references achievements.achievement_definitions (id)
);
