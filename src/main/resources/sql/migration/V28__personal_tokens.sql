-- Tokens with which the user's programs act. docs/decisions/tokens.md
create table auth.personal_tokens (
  user_id      uuid not null references auth.users (id) on delete cascade,
  id           uuid not null,
  name         text not null,
  -- SHA-256 of the whole token
  token_hash   bytea not null,
  -- separated by spaces, as in OAuth 2.0 (RFC 6749, section 3.3)
  scopes       text not null,
  created_at   timestamptz not null,
  expires_at   timestamptz not null,
  last_used_at timestamptz,
  primary key (user_id, id),
  constraint personal_tokens_name_length check (char_length(name) between 1 and 100),
  constraint personal_tokens_hash_length check (octet_length(token_hash) = 32),
  constraint personal_tokens_scopes_known check (scopes ~ '^[a-z]+:[a-z]+( [a-z]+:[a-z]+)*$'),
  constraint personal_tokens_expire_later check (expires_at > created_at)
);

-- A token names its id, not its user.
create unique index personal_tokens_id on auth.personal_tokens (id);

-- for the notices of expiry and the deletion of expired tokens
create index personal_tokens_expiry on auth.personal_tokens (expires_at, id);
