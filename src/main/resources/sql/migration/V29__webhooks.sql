-- Outgoing webhooks: the endpoints that users register, and what is delivered to them. The queue of an endpoint is the change feed
-- after its position; a delivery is a row from when its body is fixed. docs/decisions/webhooks.md

create table activity.webhook_endpoints (
  user_id         uuid        not null,
  id              uuid        not null,
  url             text        not null,
  -- types of events, or * for all
  events          text[]      not null,
  -- full: events contain the entity
  payload         text        not null,
  -- as they are, because each delivery is signed with them (docs/security.md)
  secret          bytea       not null,
  previous_secret bytea,
  previous_until  timestamptz,
  enabled         boolean     not null default true,
  disabled_reason text,
  -- up to which change deliveries were created
  position        bigint      not null,
  -- when the first of the failures happened since which no delivery has succeeded
  failing_since   timestamptz,
  -- runs in a row that the receiver made slow
  stalls          integer     not null default 0,
  -- no delivery is attempted before
  paused_until    timestamptz,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  constraint webhook_endpoints_pkey primary key (user_id, id),
  constraint webhook_endpoints_id_key unique (id),
  constraint webhook_endpoints_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint webhook_endpoints_url_length check (octet_length(url) between 1 and 2048),
  constraint webhook_endpoints_events_count check (cardinality(events) between 1 and 50),
  constraint webhook_endpoints_payload_known check (payload in ('thin', 'full')),
  -- Standard Webhooks
  constraint webhook_endpoints_secret_length check (
    octet_length(secret) between 24 and 64 and octet_length(previous_secret) between 24 and 64),
  constraint webhook_endpoints_previous_consistent check ((previous_secret is null) = (previous_until is null)),
  constraint webhook_endpoints_reason_known check (disabled_reason in ('user', 'gone', 'failing')),
  constraint webhook_endpoints_disabled_consistent check (enabled = (disabled_reason is null)),
  constraint webhook_endpoints_stalls_not_negative check (stalls >= 0)
);

-- The daily search for endpoints that were not woken.
create index webhook_endpoints_enabled on activity.webhook_endpoints (id) where enabled;

create table activity.webhook_deliveries (
  user_id         uuid        not null,
  id              uuid        not null,
  endpoint_id     uuid        not null,
  event           text        not null,
  -- of the change; null for a test
  seq             bigint,
  -- sent as it is by every attempt
  body            text        not null,
  status          text        not null default 'pending',
  attempts        integer     not null default 0,
  -- attempts that are left before the delivery has failed
  remaining       integer     not null,
  -- of a pending delivery only; during an attempt, when it is repeated if the process dies
  next_attempt_at timestamptz,
  -- of the last attempt; no answer if the request failed
  attempted_at    timestamptz,
  duration_ms     integer,
  answer_status   integer,
  -- the first KB of the answer's body
  answer          text,
  error           text,
  created_at      timestamptz not null,
  constraint webhook_deliveries_pkey primary key (user_id, id),
  constraint webhook_deliveries_endpoint_fkey foreign key (user_id, endpoint_id)
    references activity.webhook_endpoints (user_id, id) on delete cascade,
  -- a change is delivered once to each endpoint
  constraint webhook_deliveries_change_key unique (user_id, endpoint_id, seq),
  constraint webhook_deliveries_status_known check (status in ('pending', 'delivered', 'failed', 'cancelled')),
  constraint webhook_deliveries_pending_consistent check ((status = 'pending') = (next_attempt_at is not null)),
  constraint webhook_deliveries_attempts_not_negative check (attempts >= 0 and remaining >= 0),
  constraint webhook_deliveries_attempted_consistent check (
    (attempts = 0) = (attempted_at is null) and (attempts = 0) = (duration_ms is null)),
  constraint webhook_deliveries_answer_length check (char_length(answer) <= 1024),
  constraint webhook_deliveries_error_length check (char_length(error) <= 200)
);

-- The list of an endpoint's deliveries, newest first.
create index webhook_deliveries_list on activity.webhook_deliveries (user_id, endpoint_id, created_at, id);

-- What is due, and how much is pending.
create index webhook_deliveries_due on activity.webhook_deliveries (user_id, endpoint_id, next_attempt_at)
  where next_attempt_at is not null;

-- Deletion after 30 days.
create index webhook_deliveries_created on activity.webhook_deliveries (created_at);

-- Whether the user has an enabled endpoint. The statement that locks the user's row then sets flow.webhooks to the time of the
-- transaction. For all other users a change costs the comparison in the trigger below and nothing else. Changes of an older release
-- that runs beside, of scripts and of restorations wake nobody; they are delivered with the next change, or after the daily search.
alter table auth.users add column webhooks boolean not null default false;

-- Enqueues a job of an endpoint, or lets a queued one run earlier. An endpoint has several, in lanes: if one is running, the next
-- lane is used, so that the job of a process that was killed delays nothing until its lease has expired. A running job looks for
-- changes before it ends, under the lock of the user's row that this transaction holds.
create function activity.wake_webhook(of_user uuid, endpoint uuid, wanted timestamptz, present timestamptz) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  lane constant text := (
    select k.job_key
    from (select n, endpoint || ':' || n as job_key from generate_series(0, 7) as n) k
    where not exists (
      select from ops.job_queue q
      where q.kind = 'webhook_deliver' and q.job_key = k.job_key and q.state = 'running'
    )
    order by k.n
    limit 1
  );
begin
  if lane is null then
    return;
  end if;
  update ops.job_queue
  set run_at = wanted
  where kind = 'webhook_deliver' and job_key = lane and state = 'queued' and run_at > wanted;
  insert into ops.job_queue (id, user_id, kind, job_key, run_at, created_at)
  values (gen_random_uuid(), of_user, 'webhook_deliver', lane, wanted, present)
  on conflict (kind, job_key) where state in ('queued', 'running') do nothing;
  -- as statements of the service that enqueue jobs
  if wanted <= present + interval '2 minutes' then
    perform pg_notify('perpetua_flow_jobs', '');
  end if;
end
$$;

create function activity.wake_webhooks() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
  present constant timestamptz := current_setting('flow.webhooks', true)::timestamptz;
begin
  perform activity.wake_webhook(e.user_id, e.id, greatest(present, e.paused_until), present)
  from activity.webhook_endpoints e
  where e.user_id = new.user_id and e.enabled
    and exists (select from unnest(e.events) as event where event = '*' or event like new.entity_type || '.%');
  return null;
end
$$;

create trigger changes_wake_webhooks
  after insert on activity.changes
  for each row
  when (current_setting('flow.webhooks', true) <> '' and new.shown
    and new.entity_type in ('task', 'template', 'note', 'reminder'))
  execute function activity.wake_webhooks();
