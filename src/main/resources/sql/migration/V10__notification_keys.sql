-- What users were told and have deleted since: each key once, ever. The key names a thing, such as 'reminder:<id>', and holds
-- nothing of what was written about it.
create table activity.notification_keys (
  user_id    uuid        not null,
  dedup_key  text        not null,
  created_at timestamptz not null,
  constraint notification_keys_pkey primary key (user_id, dedup_key),
  constraint notification_keys_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint notification_keys_dedup_key_length check (char_length(dedup_key) between 1 and 200)
);
