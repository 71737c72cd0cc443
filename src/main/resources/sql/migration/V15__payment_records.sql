-- The law of bookkeeping outlives an account: when a user is deleted, orders and their events stay, without the user.
alter table billing.ai_credit_grants drop constraint ai_credit_grants_purchase_fkey;
alter table billing.purchases
  drop constraint purchases_pkey,
  drop constraint purchases_id_key,
  drop constraint purchases_user_fkey,
  alter column user_id drop not null;
alter table billing.purchases
  add constraint purchases_pkey primary key (id),
  -- what rows of the user refer to
  add constraint purchases_user_id_key unique (user_id, id),
  add constraint purchases_user_fkey foreign key (user_id) references auth.users (id) on delete set null;
alter table billing.ai_credit_grants
  add constraint ai_credit_grants_purchase_fkey foreign key (user_id, purchase_id) references billing.purchases (user_id, id);

alter table billing.purchases
  -- the month of Pro that the order paid for; it may begin after the payment
  add column month_start     timestamptz,
  add column month_end       timestamptz,
  -- when the month's credits were granted: at its beginning, once
  add column credited_at     timestamptz,
  -- while its money is not ours: refunded or disputed
  add column revoked_at      timestamptz,
  -- monthly credits that were lost by that, and come back with the money
  add column revoked_credits integer,
  add constraint purchases_month_consistent check ((month_start is null) = (month_end is null)),
  add constraint purchases_month_order check (month_end > month_start),
  add constraint purchases_month_granted check (month_start is null or granted_at is not null),
  add constraint purchases_credited_month check (credited_at is null or month_start is not null),
  add constraint purchases_revoked_granted check (revoked_at is null or granted_at is not null),
  add constraint purchases_revoked_consistent check ((revoked_at is null) = (revoked_credits is null)),
  add constraint purchases_revoked_credits_not_negative check (revoked_credits >= 0);

-- An order's state follows from its events, so what they say of money is kept apart from the body.
alter table billing.payment_events
  drop constraint payment_events_user_fkey,
  drop constraint payment_events_status_known,
  alter column body drop not null;
alter table billing.payment_events
  add column order_id     uuid,
  add column payment_id   text,
  -- the refund's or dispute's own id
  add column subject_id   text,
  add column amount_cents integer,
  -- false if the event names no amount, which then means all of the payment
  add column has_amount   boolean not null default false,
  add column currency     text,
  add constraint payment_events_user_fkey foreign key (user_id) references auth.users (id) on delete set null,
  add constraint payment_events_order_fkey foreign key (order_id) references billing.purchases (id) on delete cascade,
  add constraint payment_events_payment_id_length check (char_length(payment_id) <= 200),
  add constraint payment_events_subject_id_length check (char_length(subject_id) <= 200),
  add constraint payment_events_currency_form check (currency ~ '^[A-Z]{3}$'),
  -- unreadable: signed, but no event that we understand
  add constraint payment_events_status_known check (status in ('received', 'applied', 'ignored', 'unmatched', 'unreadable'));

-- A body may hold names and addresses; nobody's event keeps it.
create function billing.forget_payer() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  new.body := null;
  return new;
end
$$;
create trigger payment_events_forget_payer
  before update of user_id on billing.payment_events
  for each row when (old.user_id is not null and new.user_id is null)
  execute function billing.forget_payer();

-- events of an order, and the order of a payment
create index payment_events_order on billing.payment_events (order_id) where order_id is not null;
create index payment_events_payment on billing.payment_events (payment_id) where order_id is not null;
-- refunds and disputes whose payment is not known yet
create index payment_events_unmatched on billing.payment_events (payment_id) where status = 'unmatched';
-- paid months that have not ended
create index purchases_month_end on billing.purchases (user_id, month_end) where month_end is not null;

-- cleanup: events of no order, bodies of the others, and what deleted accounts leave
drop index billing.payment_events_received;
create index payment_events_orderless on billing.payment_events (received_at) where order_id is null;
create index payment_events_bodies on billing.payment_events (received_at) where order_id is not null and body is not null;
create index purchases_retained on billing.purchases (updated_at)
  where user_id is null and status in ('captured', 'refunded', 'disputed');
create index purchases_retained_unpaid on billing.purchases (updated_at)
  where user_id is null and status in ('open', 'declined', 'voided', 'expired');

-- Orders that were paid before this migration get the events that their status stands for.
insert into billing.payment_events
  (id, provider_event_id, user_id, order_id, type, event_at, payment_id, amount_cents, has_amount, currency, status, received_at, applied_at)
select gen_random_uuid(), 'order:' || id || ':captured', user_id, id, 'payment_captured',
       least(coalesce(granted_at, updated_at), last_event_at), payment_id, amount_cents, true, currency, 'applied', updated_at, updated_at
from billing.purchases
where status = 'captured' or granted_at is not null;
insert into billing.payment_events
  (id, provider_event_id, user_id, order_id, type, event_at, payment_id, amount_cents, has_amount, currency, status, received_at, applied_at)
select gen_random_uuid(), 'order:' || id || ':' || status, user_id, id,
       case status when 'refunded' then 'payment_refunded' else 'dispute_received' end,
       coalesce(last_event_at, updated_at), payment_id, amount_cents, true, currency, 'applied', updated_at, updated_at
from billing.purchases
where status in ('refunded', 'disputed');
update billing.purchases
set revoked_at = updated_at, revoked_credits = 0
where status in ('refunded', 'disputed') and granted_at is not null;
update billing.purchases p
set month_start = s.current_period_start, month_end = s.current_period_end, credited_at = p.granted_at
from billing.subscriptions s
where s.user_id = p.user_id and s.last_payment_id = p.payment_id and p.kind <> 'credits' and p.granted_at is not null;
