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
