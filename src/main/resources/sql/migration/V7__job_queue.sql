-- In the same database as the change that asks for the job, so that both commit or neither does.
-- Two clocks: run_at, created_at and finished_at are the service's, which tests and the dev server move; heartbeat_at and
-- lease_until are the database's, the one clock that all workers share.
create table ops.job_queue (
  id           uuid        not null,
  -- null: a job of the system
  user_id      uuid,
  -- not enumerated: kinds are code, and an instance of the next release must be able to enqueue its own
  kind         text        not null,
  job_key      text        not null,
  payload      jsonb       not null default '{}',
  state        text        not null default 'queued',
  run_at       timestamptz not null,
  attempts     integer     not null default 0,
  max_attempts integer     not null default 5,
  -- a token per claim: a worker that was frozen past its lease matches no row when it wakes
  lease        uuid,
  heartbeat_at timestamptz,
  lease_until  timestamptz,
  last_error   text,
  created_at   timestamptz not null,
  finished_at  timestamptz,
  constraint job_queue_pkey primary key (id),
  constraint job_queue_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint job_queue_kind_form check (kind ~ '^[a-z][a-z0-9_]{0,49}$'),
  constraint job_queue_job_key_length check (char_length(job_key) between 1 and 200),
  constraint job_queue_state_known check (state in ('queued', 'running', 'done', 'dead')),
  constraint job_queue_attempts_not_negative check (attempts >= 0 and max_attempts >= 1),
  constraint job_queue_running_leased check (
    (state = 'running') = (lease is not null)
    and (state = 'running') = (heartbeat_at is not null)
    and (state = 'running') = (lease_until is not null)),
  constraint job_queue_finished_consistent check ((state in ('done', 'dead')) = (finished_at is not null)),
  constraint job_queue_last_error_length check (char_length(last_error) <= 2000)
)
-- rows die as fast as they are born, and dead ones lie where claims begin to read: vacuum long before the default 20 %
with (autovacuum_vacuum_scale_factor = 0.02);

-- among unfinished jobs only: the same reminder may get a job again after an earlier one is done
create unique index job_queue_unfinished_key on ops.job_queue (kind, job_key) where state in ('queued', 'running');

-- Outlives the job's own row, which cleanup removes: the key is what makes a daily kind run once per UTC day.
create table ops.schedule_runs (
  kind        text        not null,
  day         date        not null,
  -- how far the batches have come; what follows it is still to do
  cursor      text,
  created_at  timestamptz not null,
  finished_at timestamptz,
  constraint schedule_runs_pkey primary key (kind, day),
  constraint schedule_runs_kind_form check (kind ~ '^[a-z][a-z0-9_]{0,49}$'),
  constraint schedule_runs_cursor_length check (char_length(cursor) <= 200)
);

-- Written with the change it stands for. Open only while a provider is being asked; everything else is inserted done.
create table ops.idempotency_keys (
  user_id     uuid        not null,
  key         uuid        not null,
  method      text        not null,
  path        text        not null,
  fingerprint bytea       not null,
  state       text        not null,
  status      smallint,
  body        text,
  created_at  timestamptz not null,
  constraint idempotency_keys_pkey primary key (user_id, key),
  constraint idempotency_keys_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint idempotency_keys_method_length check (char_length(method) between 1 and 10),
  constraint idempotency_keys_path_length check (char_length(path) between 1 and 8192),
  -- SHA-256
  constraint idempotency_keys_fingerprint_length check (octet_length(fingerprint) = 32),
  constraint idempotency_keys_state_known check (state in ('open', 'done')),
  constraint idempotency_keys_state_consistent check ((state = 'done') = (status is not null) and (state = 'done' or body is null)),
  -- a refused or failed request leaves no record, so that its key may be tried again
  constraint idempotency_keys_status_success check (status between 200 and 299),
  constraint idempotency_keys_body_length check (char_length(body) <= 1000000)
);

-- Rotated and revoked tokens stay for a while: only a known one that comes back can be told from nonsense, and is theft.
create table auth.refresh_tokens (
  user_id     uuid        not null,
  -- SHA-256; the token itself begins with the user's id, so it is never looked up without it
  token_hash  bytea       not null,
  -- one sign-in and everything rotated from it
  family      uuid        not null,
  -- tells the direct predecessor (which may repeat within the grace) from older ancestors (which may not)
  seq         integer     not null,
  created_at  timestamptz not null,
  expires_at  timestamptz not null,
  rotated_at  timestamptz,
  revoked_at  timestamptz,
  reason      text,
  device_info text,
  constraint refresh_tokens_pkey primary key (user_id, token_hash),
  -- two rotations of one token cannot both have a successor
  constraint refresh_tokens_family_seq_key unique (user_id, family, seq),
  constraint refresh_tokens_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint refresh_tokens_token_hash_length check (octet_length(token_hash) = 32),
  constraint refresh_tokens_seq_not_negative check (seq >= 0),
  constraint refresh_tokens_expiry_order check (expires_at > created_at),
  constraint refresh_tokens_reason_known check (reason in ('replaced', 'logged_out', 'theft')),
  constraint refresh_tokens_revoked_consistent check ((revoked_at is null) = (reason is null)),
  constraint refresh_tokens_device_info_length check (char_length(device_info) <= 1000)
);

-- expired ones included: whoever signs in anew replaces them
create unique index refresh_tokens_one_active on auth.refresh_tokens (user_id) where rotated_at is null and revoked_at is null;
