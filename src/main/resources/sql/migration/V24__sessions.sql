-- A session of each device beside the one without a device. A session is a family of refresh tokens; each token has a copy of
-- what belongs to the session. docs/decisions/tokens.md
alter table auth.refresh_tokens
  -- chosen by the client; null for the session without a device
  add column device_id   uuid,
  add column device_name text,
  -- of the client that obtained this token; null for tokens of earlier releases
  add column address     text,
  -- the sign-in; null for tokens of earlier releases: created_at of the token then stands for it
  add column started_at  timestamptz,
  add constraint refresh_tokens_device_named check ((device_id is null) = (device_name is null)),
  add constraint refresh_tokens_device_name_length check (char_length(device_name) between 1 and 100),
  add constraint refresh_tokens_address_length check (char_length(address) between 1 and 100),
  drop constraint refresh_tokens_reason_known,
  add constraint refresh_tokens_reason_known
    check (reason in ('replaced', 'logged_out', 'theft', 'revoked', 'evicted'));

-- includes expired ones, which the next sign-in with the device replaces
create unique index refresh_tokens_one_active_per_device on auth.refresh_tokens (user_id, device_id) nulls not distinct
  where rotated_at is null and revoked_at is null;
drop index auth.refresh_tokens_one_active;

-- tells another user's session (403) from one that does not exist (404). Not partial: then, without statistics, the planner
-- would read all of it for the active tokens of one user.
create index refresh_tokens_family on auth.refresh_tokens (family);

-- The release before this one, which runs beside it during a deployment, rotates tokens without copying what belongs to the
-- session.
create function auth.continue_session() returns trigger
language plpgsql
as $$
begin
  select t.device_id, t.device_name, coalesce(t.started_at, t.created_at)
  into new.device_id, new.device_name, new.started_at
  from auth.refresh_tokens t
  where t.user_id = new.user_id and t.family = new.family and t.seq = new.seq - 1;
  return new;
end
$$;

create trigger refresh_tokens_continue_session before insert on auth.refresh_tokens
  for each row when (new.seq > 0 and new.started_at is null) execute function auth.continue_session();

-- A ticket opens nothing once the session of its access token was ended. Null for tickets of earlier releases.
alter table notes.voice_tickets add column session_id uuid;
