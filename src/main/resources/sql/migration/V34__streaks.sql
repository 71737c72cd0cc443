-- Streaks that forgive: rest weekdays, pauses, freezes, and days in the user's time zone. A streak is computed from all days with
-- a counted completion, so the row keeps them. docs/decisions/achievements.md
alter table achievements.user_achievement_states
  -- all days with a counted completion that are known
  add column days datemultirange not null default '{}',
  -- the longest streak of the time before these days
  add column longest_before integer not null default 0,
  -- no freeze is used on an earlier day; null for no limit
  add column freezes_from date,
  -- the last day on which the streak is shown if no further completion counts
  add column kept_until date,
  -- the first day that uses a freeze or ends the streak if no further completion counts
  add column next_missed date,
  -- the recent days on which a freeze was used, as the user was told
  add column frozen datemultirange not null default '{}',
  -- the last day for which streak_calculate has looked at the row
  add column checked_on date,
  add constraint user_achievement_states_longest_before check (longest_before >= 0);

-- The two runs of days and the recent days are all that is known of the past. Days missed in the past stay missed: a streak that
-- was shown as ended does not come back, and nothing is unlocked here. The service's own changes follow, so none is recorded now.
alter table achievements.user_achievement_states disable trigger user_achievement_states_changed;
update achievements.user_achievement_states s
set days = coalesce((
      select range_agg(known.days)
      from (
        select daterange(s.last_completion_date - s.latest_streak + 1, s.last_completion_date, '[]')
        where s.latest_streak > 0
        union all
        select daterange(s.previous_completion_date - s.previous_streak + 1, s.previous_completion_date, '[]')
        where s.previous_streak > 0
        union all
        select daterange(key::date, key::date, '[]')
        from jsonb_object_keys(coalesce(nullif(s.recent -> 'days', 'null'), '{}')) as key
      ) as known (days)
    ), '{}'),
    longest_before = coalesce((s.recent ->> 'older')::integer, s.longest_streak),
    freezes_from = current_date,
    kept_until = s.last_completion_date + 1,
    next_missed = s.last_completion_date + 1;
alter table achievements.user_achievement_states enable trigger user_achievement_states_changed;

-- streak_calculate: the streaks that a missed day may end. The release before this one does not set next_missed.
create index user_achievement_states_missed
  on achievements.user_achievement_states (coalesce(next_missed, last_completion_date + 1), user_id)
  where current_streak > 0;

create table achievements.streak_settings (
  user_id    uuid        not null,
  streak_day text        not null default 'utc',
  -- from which day on which weekdays are for rest, ascending: [{"from": "2026-12-01", "weekdays": [6, 7]}]; 1 is Monday
  rest_days  jsonb       not null default '[]',
  updated_at timestamptz not null,
  constraint streak_settings_pkey primary key (user_id),
  constraint streak_settings_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint streak_settings_day_known check (streak_day in ('utc', 'local'))
);

create table achievements.streak_pauses (
  user_id   uuid not null,
  id        uuid not null,
  first_day date not null,
  last_day  date not null,
  constraint streak_pauses_pkey primary key (user_id, id),
  constraint streak_pauses_id_key unique (id),
  constraint streak_pauses_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint streak_pauses_length check (last_day between first_day and first_day + 365)
);

-- Which time zone decides on the day of a completion since when. Before the first row it is UTC.
create table achievements.streak_zones (
  user_id uuid        not null,
  since   timestamptz not null,
  -- null for UTC days
  zone    text,
  constraint streak_zones_pkey primary key (user_id, since),
  constraint streak_zones_user_fkey foreign key (user_id) references auth.users (id) on delete cascade
);

-- The settings of a user's streak as JSON, with the time from which each applies; always one row. A set without a search path of
-- its own, so that PostgreSQL inlines it into the statement that each completion runs.
create function achievements.streak_rules(of_user uuid)
returns table (rest_days jsonb, pauses jsonb, zones jsonb)
language sql stable rows 1
as $$
  select
    coalesce((select s.rest_days from achievements.streak_settings s where s.user_id = of_user), '[]'),
    coalesce((
      select jsonb_agg(jsonb_build_object('id', p.id, 'from', p.first_day, 'to', p.last_day) order by p.first_day, p.id)
      from achievements.streak_pauses p where p.user_id = of_user), '[]'),
    coalesce((
      select jsonb_agg(jsonb_build_object('since', (extract(epoch from z.since) * 1000)::bigint, 'zone', z.zone) order by z.since)
      from achievements.streak_zones z where z.user_id = of_user), '[]')
$$;

-- The pauses that have the day of a time in some time zone, as JSON.
create function achievements.pauses_near(of_user uuid, at timestamptz) returns text
language sql stable
as $$
  select coalesce(
    jsonb_agg(jsonb_build_object('id', p.id, 'from', p.first_day, 'to', p.last_day))::text, '[]')
  from achievements.streak_pauses p
  where p.user_id = of_user and (at at time zone 'UTC')::date between p.first_day - 1 and p.last_day + 1
$$;

-- Triggers, so that every way to change the time zone is recorded: by an older release, and by an undo.
create function achievements.add_zone(of_user uuid, at timestamptz, new_zone text) returns void
language sql
set search_path = pg_catalog
as $$
  insert into achievements.streak_zones (user_id, since, zone)
  values (of_user, at, new_zone)
  on conflict (user_id, since) do update set zone = excluded.zone;
  -- Each completion reads these rows.
  delete from achievements.streak_zones z
  where z.user_id = of_user and z.since < (
    select n.since from achievements.streak_zones n
    where n.user_id = of_user
    order by n.since desc
    offset 99 limit 1
  );
$$;

create function achievements.record_streak_day() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  if tg_op = 'INSERT' and new.streak_day = 'utc' or tg_op = 'UPDATE' and new.streak_day = old.streak_day then
    return null;
  end if;
  perform achievements.add_zone(
    new.user_id, new.updated_at,
    case when new.streak_day = 'local' then (select u.timezone from auth.users u where u.id = new.user_id) end);
  return null;
end
$$;
create trigger streak_settings_day_changed
  after insert or update on achievements.streak_settings
  for each row execute function achievements.record_streak_day();

create function achievements.record_timezone() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  if exists (
    select from achievements.streak_settings s where s.user_id = new.id and s.streak_day = 'local'
  ) then
    perform achievements.add_zone(new.id, new.updated_at, new.timezone);
    insert into activity.changes (user_id, entity_type, entity_id, deleted)
    values (new.id, 'achievements', new.id, false);
  end if;
  return null;
end
$$;
create trigger users_timezone_changed
  after update of timezone on auth.users
  for each row when (old.timezone <> new.timezone) execute function achievements.record_timezone();

-- As activity.record_hidden (migration V27), of a row that a user has one of.
create function achievements.record_settings() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
  change constant bigint := nullif(current_setting('flow.change', true), '')::bigint;
begin
  if change is not null then
    insert into activity.changes (user_id, entity_type, entity_id, deleted, change, before, shown)
    values (
      new.user_id, 'streak_settings', new.user_id, false, change,
      case when tg_op = 'UPDATE' then activity.former_values(to_jsonb(old), to_jsonb(new)) end, false
    );
  end if;
  return null;
end
$$;
create trigger streak_settings_recorded
  after insert or update on achievements.streak_settings
  for each row execute function achievements.record_settings();
create trigger streak_settings_changed
  after insert or update on achievements.streak_settings
  for each row execute function activity.record_of_user('achievements');
create trigger streak_pauses_recorded
  after insert or update or delete on achievements.streak_pauses
  for each row execute function activity.record_hidden('streak_pause');
create trigger streak_pauses_changed
  after insert or update or delete on achievements.streak_pauses
  for each row execute function activity.record_of_user('achievements');
