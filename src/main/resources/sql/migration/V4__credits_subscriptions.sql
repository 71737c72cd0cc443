-- An order we placed. The provider's word (amount, currency, reference) is compared with it before anything is granted.
create table billing.purchases (
  -- the reference given to the provider
  id                  uuid        not null,
  user_id             uuid        not null,
  kind                text        not null,
  credits             integer,
  amount_cents        integer     not null,
  currency            text        not null,
  status              text        not null default 'open',
  -- the hosted page, unknown until the provider has answered
  checkout_session_id text,
  payment_id          text,
  -- a renewal is one attempt at one period: what the provider's idempotency key is made of
  period_start        timestamptz,
  attempt             smallint,
  -- order of events is (time, rank of the type, id): an older one must not overwrite a newer one
  last_event_at       timestamptz,
  last_event_rank     smallint,
  last_event_id       text,
  created_at          timestamptz not null,
  updated_at          timestamptz not null,
  constraint purchases_pkey primary key (user_id, id),
  constraint purchases_id_key unique (id),
  constraint purchases_checkout_session_id_key unique (checkout_session_id),
  constraint purchases_payment_id_key unique (payment_id),
  constraint purchases_attempt_key unique (user_id, period_start, attempt),
  constraint purchases_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint purchases_kind_known check (kind in ('credits', 'subscription', 'renewal')),
  constraint purchases_credits_consistent check ((kind = 'credits') = (credits is not null)),
  constraint purchases_credits_positive check (credits > 0),
  constraint purchases_amount_positive check (amount_cents > 0),
  constraint purchases_currency_form check (currency ~ '^[A-Z]{3}$'),
  constraint purchases_status_known
    check (status in ('open', 'captured', 'declined', 'voided', 'expired', 'refunded', 'disputed')),
  constraint purchases_attempt_consistent
    check ((kind = 'renewal') = (period_start is not null) and (kind = 'renewal') = (attempt is not null)),
  constraint purchases_attempt_positive check (attempt >= 1),
  constraint purchases_checkout_session_id_length check (char_length(checkout_session_id) <= 200),
  constraint purchases_payment_id_length check (char_length(payment_id) <= 200),
  constraint purchases_last_event_id_length check (char_length(last_event_id) <= 200),
  constraint purchases_last_event_consistent
    check ((last_event_at is null) = (last_event_rank is null) and (last_event_at is null) = (last_event_id is null))
);

-- What is left of each thing granted. amount never changes: whatever adds credits (a top-up, a carry-over, a refund whose own
-- grant has expired) opens another grant, so that each one's history in the ledger starts with its amount.
create table billing.ai_credit_grants (
  id          uuid        not null,
  user_id     uuid        not null,
  credit_type text        not null,
  amount      integer     not null,
  remaining   integer     not null,
  spent       integer     not null default 0,
  -- left unused: by expiry, by a refunded purchase, by what carry-over leaves behind
  expired     integer     not null default 0,
  -- the UTC day whose entitlement it uses up; null where it is none (anything not daily, a refund into a new day)
  entitled_on date,
  purchase_id uuid,
  -- says what the grant is for ('kickstart', a period, a purchase, a day and its entitlement), so that it is not granted twice
  dedup_key   text        not null,
  -- null: does not expire by itself
  expires_at  timestamptz,
  created_at  timestamptz not null,
  constraint ai_credit_grants_pkey primary key (user_id, id),
  constraint ai_credit_grants_dedup_key unique (user_id, dedup_key),
  constraint ai_credit_grants_purchase_key unique (user_id, purchase_id),
  constraint ai_credit_grants_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint ai_credit_grants_purchase_fkey foreign key (user_id, purchase_id) references billing.purchases (user_id, id),
  constraint ai_credit_grants_type_known check (credit_type in ('daily', 'subscription', 'purchased', 'kickstart')),
  constraint ai_credit_grants_amount_positive check (amount > 0),
  constraint ai_credit_grants_remaining_range check (0 <= remaining and remaining <= amount),
  constraint ai_credit_grants_not_negative check (spent >= 0 and expired >= 0),
  constraint ai_credit_grants_balanced check (amount = remaining + spent + expired),
  constraint ai_credit_grants_daily_expires check (credit_type <> 'daily' or expires_at is not null),
  constraint ai_credit_grants_entitled_daily check (entitled_on is null or credit_type = 'daily'),
  constraint ai_credit_grants_purchased_consistent check (purchase_id is null or credit_type = 'purchased'),
  constraint ai_credit_grants_dedup_key_length check (char_length(dedup_key) between 1 and 200)
);

-- Append-only: one row per grant touched.
create table billing.ai_credit_ledger (
  id            uuid        not null,
  user_id       uuid        not null,
  -- the user's row is locked when it is drawn, so it rises in the order in which the movements happened;
  -- created_at cannot prove that order: several rows share a millisecond, and two hosts' clocks differ
  seq           bigint      generated always as identity,
  grant_id      uuid        not null,
  credit_type   text        not null,
  operation     text        not null,
  amount        integer     not null,
  -- the user's total over all grants
  balance_after integer     not null,
  -- names one charge (one AI call, one voice minute): its refund finds the grants by it
  operation_ref text,
  description   text        not null default '',
  -- the grant's, as shown in the history
  expires_at    timestamptz,
  created_at    timestamptz not null,
  constraint ai_credit_ledger_pkey primary key (user_id, seq),
  -- one charge takes from, and is given back to, a grant once
  constraint ai_credit_ledger_operation_key unique (user_id, operation_ref, operation, grant_id),
  constraint ai_credit_ledger_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint ai_credit_ledger_grant_fkey foreign key (user_id, grant_id)
    references billing.ai_credit_grants (user_id, id) on delete cascade,
  constraint ai_credit_ledger_type_known check (credit_type in ('daily', 'subscription', 'purchased', 'kickstart')),
  constraint ai_credit_ledger_operation_known check (operation in ('grant', 'consume', 'expire', 'carryover', 'refund')),
  constraint ai_credit_ledger_sign check (
    case when operation in ('grant', 'refund') then amount > 0 when operation in ('consume', 'expire') then amount < 0 else true end),
  constraint ai_credit_ledger_balance_not_negative check (balance_after >= 0),
  constraint ai_credit_ledger_operation_ref_length check (char_length(operation_ref) between 1 and 200),
  constraint ai_credit_ledger_description_length check (char_length(description) <= 500)
);

-- One per user for life: leaving and coming back reuse the row, so that there is never a question which one counts.
create table billing.subscriptions (
  id                       uuid        not null,
  user_id                  uuid        not null,
  status                   text        not null,
  checkout_subscription_id text,
  -- the stored payment source and the payment that later charges refer to
  instrument_id            text,
  last_payment_id          text,
  current_period_start     timestamptz not null,
  current_period_end       timestamptz not null,
  -- the day of the month is kept (31, 28, 31): it cannot be read off a period that was shortened by February
  anchor_day               smallint    not null,
  grace_period_end         timestamptz,
  -- the warning goes out once per grace period, however often the daily job runs
  grace_warned_at          timestamptz,
  failed_payment_count     integer     not null default 0,
  cancelled_at             timestamptz,
  -- order of events is (time, rank of the type, id): an older one must not overwrite a newer one
  last_event_at            timestamptz,
  last_event_rank          smallint,
  last_event_id            text,
  created_at               timestamptz not null,
  updated_at               timestamptz not null,
  constraint subscriptions_pkey primary key (user_id),
  constraint subscriptions_id_key unique (id),
  constraint subscriptions_checkout_subscription_id_key unique (checkout_subscription_id),
  constraint subscriptions_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint subscriptions_status_known check (status in ('active', 'past_due', 'grace', 'cancelled', 'expired')),
  constraint subscriptions_period_order check (current_period_end > current_period_start),
  constraint subscriptions_anchor_day_range check (anchor_day between 1 and 31),
  constraint subscriptions_grace_dated check (status <> 'grace' or grace_period_end is not null),
  constraint subscriptions_cancelled_dated check (status <> 'cancelled' or cancelled_at is not null),
  constraint subscriptions_failed_count_not_negative check (failed_payment_count >= 0),
  constraint subscriptions_checkout_subscription_id_length check (char_length(checkout_subscription_id) <= 200),
  constraint subscriptions_instrument_id_length check (char_length(instrument_id) <= 200),
  constraint subscriptions_last_payment_id_length check (char_length(last_payment_id) <= 200),
  constraint subscriptions_last_event_id_length check (char_length(last_event_id) <= 200),
  constraint subscriptions_last_event_consistent
    check ((last_event_at is null) = (last_event_rank is null) and (last_event_at is null) = (last_event_id is null))
);

-- Stored before it is applied, under the provider's id: a repeat stops here, and a failed application can be run again.
create table billing.payment_events (
  id                uuid        not null,
  provider_event_id text        not null,
  -- null: no order or user of ours (stored unapplied and counted)
  user_id           uuid,
  type              text        not null,
  event_at          timestamptz not null,
  -- the bytes that were signed; jsonb would reorder them and refuse some
  body              bytea       not null,
  status            text        not null default 'received',
  received_at       timestamptz not null,
  applied_at        timestamptz,
  constraint payment_events_pkey primary key (id),
  constraint payment_events_provider_event_id_key unique (provider_event_id),
  constraint payment_events_user_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint payment_events_provider_event_id_length check (char_length(provider_event_id) between 1 and 200),
  constraint payment_events_type_length check (char_length(type) between 1 and 100),
  constraint payment_events_body_length check (octet_length(body) <= 1048576),
  -- applied: changed something or was rightly outdated; ignored: a type we do not act on; unmatched: nobody's
  constraint payment_events_status_known check (status in ('received', 'applied', 'ignored', 'unmatched')),
  constraint payment_events_applied_consistent check ((status = 'applied') = (applied_at is not null))
);
