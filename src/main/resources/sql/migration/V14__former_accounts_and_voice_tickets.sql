-- What deleted accounts leave behind for a year, so that deleting an account and signing in again starts no limit afresh: nothing
-- that identifies the person to anyone without the key of the hash, and no id of the account.
create table auth.former_accounts (
  -- HMAC-SHA256 of the Google subject
  subject_hash   bytea       not null,
  deleted_at     timestamptz not null,
  -- daily credits granted on the day of the deletion
  daily_credits  integer     not null,
  -- credits bought in the month of the deletion
  bought_credits integer     not null,
  constraint former_accounts_pkey primary key (subject_hash),
  constraint former_accounts_subject_hash_length check (octet_length(subject_hash) = 32),
  constraint former_accounts_credits_not_negative check (daily_credits >= 0 and bought_credits >= 0)
);

-- cleanup, by the time that decides.
create index former_accounts_deleted on auth.former_accounts (deleted_at);

-- Credits that a former account bought in the month in which this one was created.
alter table auth.users
  add column former_bought_credits integer not null default 0,
  add constraint users_former_bought_credits_not_negative check (former_bought_credits >= 0);

-- One-time tickets that authenticate a live voice session. A row is deleted when its ticket is used.
create table notes.voice_tickets (
  user_id     uuid        not null,
  -- SHA-256 of the ticket
  ticket_hash bytea       not null,
  -- by the database's clock, like a lease
  expires_at  timestamptz not null,
  constraint voice_tickets_pkey primary key (user_id, ticket_hash),
  constraint voice_tickets_ticket_hash_key unique (ticket_hash),
  constraint voice_tickets_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint voice_tickets_ticket_hash_length check (octet_length(ticket_hash) = 32)
);

-- cleanup of tickets that were never used.
create index voice_tickets_expires on notes.voice_tickets (expires_at);
