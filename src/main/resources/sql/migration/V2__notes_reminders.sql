create table notes.notes (
  id                     uuid        not null,
  user_id                uuid        not null,
  content                text        not null,
  archived               boolean     not null default false,
  voice_url              text,
  voice_duration_seconds integer,
  transcription_status   text,
  -- kept when the note is taken out of the archive: a conversion counts once per note
  converted_at           timestamptz,
  created_at             timestamptz not null,
  updated_at             timestamptz not null,
  constraint notes_pkey primary key (user_id, id),
  constraint notes_id_key unique (id),
  constraint notes_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint notes_content_length check (char_length(content) <= 10000),
  -- only a recording may stand without text: before its transcription, or because nothing was said
  constraint notes_content_present check (content <> '' or voice_url is not null),
  constraint notes_voice_url_length check (char_length(voice_url) between 1 and 4096),
  constraint notes_voice_duration_range check (voice_duration_seconds between 0 and 3600),
  constraint notes_transcription_status_known check (transcription_status in ('pending', 'completed', 'failed'))
);

-- scheduled_at is stored even where it follows from the due date, because it is what the job stands at and the client shows.
create table tasks.reminders (
  id             uuid        not null,
  user_id        uuid        not null,
  task_id        uuid        not null,
  type           text        not null,
  offset_minutes integer,
  scheduled_at   timestamptz not null,
  method         text        not null default 'in_app',
  fired          boolean     not null default false,
  fired_at       timestamptz,
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  constraint reminders_pkey primary key (user_id, id),
  constraint reminders_id_key unique (id),
  constraint reminders_task_fkey foreign key (user_id, task_id)
    references tasks.task_instances (user_id, id) on delete cascade,
  constraint reminders_type_known check (type in ('before', 'after', 'absolute')),
  -- a relative reminder without its offset could not follow the due date
  constraint reminders_offset_consistent check ((type = 'absolute') = (offset_minutes is null)),
  constraint reminders_offset_range check (offset_minutes between 0 and 43200),
  constraint reminders_scheduled_at_finite check (isfinite(scheduled_at)),
  constraint reminders_method_known check (method in ('push', 'in_app')),
  constraint reminders_fired_consistent check (fired = (fired_at is not null))
);

-- The task keeps the total; sessions exist to know what runs now and since when.
create table tasks.focus_sessions (
  id               uuid        not null,
  user_id          uuid        not null,
  task_id          uuid        not null,
  started_at       timestamptz not null,
  ended_at         timestamptz,
  duration_seconds integer,
  constraint focus_sessions_pkey primary key (user_id, id),
  constraint focus_sessions_task_fkey foreign key (user_id, task_id)
    references tasks.task_instances (user_id, id) on delete cascade,
  constraint focus_sessions_ended_consistent check ((ended_at is null) = (duration_seconds is null)),
  constraint focus_sessions_ended_after_start check (ended_at >= started_at),
  constraint focus_sessions_duration_not_negative check (duration_seconds >= 0)
);

-- one focus per user at a time, whatever two browsers start at once
create unique index focus_sessions_one_active on tasks.focus_sessions (user_id) where ended_at is null;
