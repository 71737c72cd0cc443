create table activity.notifications (
  id         uuid        not null,
  user_id    uuid        not null,
  type       text        not null,
  title      text        not null,
  body       text        not null,
  action_url text,
  -- no foreign key: a notification outlives its task
  task_id    uuid,
  -- what it is about ('reminder:<id>', 'achievement:tasks_5'): a job that runs twice notifies once; null: may repeat
  dedup_key  text,
  read       boolean     not null default false,
  read_at    timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint notifications_pkey primary key (user_id, id),
  constraint notifications_id_key unique (id),
  constraint notifications_dedup_key unique (user_id, dedup_key),
  constraint notifications_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint notifications_type_known check (type in ('reminder', 'achievement', 'subscription', 'system')),
  constraint notifications_title_length check (char_length(title) between 1 and 100),
  constraint notifications_body_length check (char_length(body) <= 500),
  constraint notifications_action_url_length check (char_length(action_url) <= 4096),
  constraint notifications_dedup_key_length check (char_length(dedup_key) between 1 and 200),
  constraint notifications_read_consistent check (read = (read_at is not null))
);

create table activity.push_subscriptions (
  id         uuid        not null,
  user_id    uuid        not null,
  endpoint   text        not null,
  p256dh     bytea       not null,
  auth       bytea       not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint push_subscriptions_pkey primary key (user_id, id),
  -- across users: a shared browser belongs to whoever registered it last
  constraint push_subscriptions_endpoint_key unique (endpoint),
  constraint push_subscriptions_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  -- bytes, because an index entry must fit a third of a page
  constraint push_subscriptions_endpoint_length check (octet_length(endpoint) between 1 and 2048),
  -- an uncompressed point on P-256 and a 16-byte secret (RFC 8291)
  constraint push_subscriptions_p256dh_length check (octet_length(p256dh) = 65),
  constraint push_subscriptions_auth_length check (octet_length(auth) = 16)
);
