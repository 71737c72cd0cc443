-- name: find_billing_state
-- Tier and subscription in one snapshot. Users who never had a subscription have a row, too.
select u.tier, s.status, s.current_period_end, s.grace_period_end
from auth.users u
left join billing.subscriptions s on s.user_id = u.id
where u.id = :user_id

-- name: find_subscription
-- Runs under the owner's lock.
select id, status, checkout_subscription_id, instrument_id, last_payment_id, current_period_start,
       current_period_end, anchor_day, grace_period_end, grace_warned_at, failed_payment_count,
       cancelled_at, last_event_at, last_event_rank, last_event_id
from billing.subscriptions
where user_id = :user_id

-- name: store_subscription
-- A user has one row, which a later subscription reuses. Runs under the owner's lock.
insert into billing.subscriptions
  (id, user_id, status, checkout_subscription_id, instrument_id, last_payment_id,
   current_period_start, current_period_end, anchor_day, grace_period_end, grace_warned_at,
   failed_payment_count, cancelled_at, last_event_at, last_event_rank, last_event_id, created_at,
   updated_at)
values
  (:id, :user_id, :status, :managed_id::text, :instrument_id::text, :last_payment_id::text,
   :period_start, :period_end, :anchor_day, :grace_end::timestamptz, :grace_warned_at::timestamptz,
   :failures, :cancelled_at::timestamptz, :last_event_at::timestamptz, :last_event_rank::smallint,
   :last_event_id::text, :now, :now)
on conflict (user_id) do update
set status = excluded.status, checkout_subscription_id = excluded.checkout_subscription_id,
    instrument_id = excluded.instrument_id, last_payment_id = excluded.last_payment_id,
    current_period_start = excluded.current_period_start,
    current_period_end = excluded.current_period_end, anchor_day = excluded.anchor_day,
    grace_period_end = excluded.grace_period_end, grace_warned_at = excluded.grace_warned_at,
    failed_payment_count = excluded.failed_payment_count, cancelled_at = excluded.cancelled_at,
    last_event_at = excluded.last_event_at, last_event_rank = excluded.last_event_rank,
    last_event_id = excluded.last_event_id, updated_at = excluded.updated_at

-- name: find_order
-- Runs under the owner's lock.
select id, kind, credits, amount_cents, currency, status, payment_id, period_start, attempt,
       last_event_at, last_event_rank, last_event_id, granted_at, month_start, month_end, credited_at,
       revoked_at, revoked_credits, created_at
from billing.purchases
where user_id = :user_id and id = :id

-- name: find_last_attempt
-- The last attempt to charge the month that starts at :period_start. Scans the unique key of
-- attempts backwards.
select id, kind, credits, amount_cents, currency, status, payment_id, period_start, attempt,
       last_event_at, last_event_rank, last_event_id, granted_at, month_start, month_end, credited_at,
       revoked_at, revoked_credits, created_at
from billing.purchases
where user_id = :user_id and period_start = :period_start
order by attempt desc
limit 1

-- name: store_order
-- Inserts all columns, updates those that payments change. Runs under the owner's lock.
insert into billing.purchases
  (id, user_id, kind, credits, amount_cents, currency, status, payment_id, period_start, attempt,
   last_event_at, last_event_rank, last_event_id, granted_at, month_start, month_end, credited_at,
   revoked_at, revoked_credits, created_at, updated_at)
values
  (:id, :user_id, :kind, :credits::int, :amount_cents, :currency, :status, :payment_id::text,
   :period_start::timestamptz, :attempt::smallint, :last_event_at::timestamptz,
   :last_event_rank::smallint, :last_event_id::text, :granted_at::timestamptz,
   :month_start::timestamptz, :month_end::timestamptz, :credited_at::timestamptz,
   :revoked_at::timestamptz, :revoked_credits::int, :created_at, :now)
on conflict (user_id, id) do update
set status = excluded.status, payment_id = excluded.payment_id,
    last_event_at = excluded.last_event_at, last_event_rank = excluded.last_event_rank,
    last_event_id = excluded.last_event_id, granted_at = excluded.granted_at,
    month_start = excluded.month_start, month_end = excluded.month_end,
    credited_at = excluded.credited_at, revoked_at = excluded.revoked_at,
    revoked_credits = excluded.revoked_credits, updated_at = excluded.updated_at

-- name: list_paid_months
-- Orders whose month of Pro has not ended, in the order of their months. Runs under the owner's
-- lock.
select id, kind, credits, amount_cents, currency, status, payment_id, period_start, attempt,
       last_event_at, last_event_rank, last_event_id, granted_at, month_start, month_end, credited_at,
       revoked_at, revoked_credits, created_at
from billing.purchases
where user_id = :user_id and month_end > :now and revoked_at is null
order by month_start, id

-- name: list_receipts
-- What the order's earlier events say of money. Runs under the owner's lock.
select type, payment_id, subject_id, amount_cents, has_amount, currency, event_at,
       provider_event_id
from billing.payment_events
where user_id = :user_id and order_id = :id

-- name: list_unmatched_receipts
-- Refunds and disputes of a payment that named no order of ours when they arrived.
select id, order_id, type, payment_id, subject_id, amount_cents, has_amount, currency, event_at,
       provider_event_id
from billing.payment_events
where payment_id = :payment_id and status = 'unmatched'
  and (user_id is null or user_id = :user_id)

-- name: match_receipt
update billing.payment_events
set user_id = :user_id, order_id = :order_id, status = 'applied', applied_at = :now
where id = :id

-- name: record_outcome
-- A payment that a response of the provider reported, before an event does.
insert into billing.payment_events
  (id, provider_event_id, user_id, order_id, type, event_at, payment_id, amount_cents, has_amount,
   currency, status, received_at, applied_at)
values
  (:id, :provider_event_id, :user_id, :order_id, :type, :now, :payment_id, :amount_cents, true,
   :currency, 'applied', :now, :now)
on conflict (provider_event_id) do nothing

-- name: open_order
-- Stores the id of the payment page.
update billing.purchases
set checkout_session_id = :session_id, updated_at = :now
where user_id = :user_id and id = :id

-- name: sum_bought
-- Credits of this month's orders that are paid or may still be paid, and those that a deleted
-- account of the same person bought in this month.
select coalesce(sum(credits), 0)::int
       + coalesce(
           (select former_bought_credits
            from auth.users
            where id = :user_id and created_at >= :month::timestamptz), 0) as bought
from billing.purchases
where user_id = :user_id and created_at >= :month::timestamptz and kind = 'credits'
  and (status = 'captured' or (status = 'open' and created_at > :open_since::timestamptz))

-- name: lock_payment
-- scope: system lookup
-- Events of one payment follow each other even before its order, and so its owner, is known.
select pg_advisory_xact_lock(hashtextextended(:payment_id, 0))::text as locked

-- name: locate_order
-- scope: system lookup
-- Finds order and user of a payment by the order's id or the provider's id. Runs before the user's
-- row can be locked.
select user_id, id, 2 as priority from billing.purchases where id = :reference::uuid
union all
select user_id, id, 1 from billing.purchases where payment_id = :payment_id::text
union all
-- A second payment of an order.
select user_id, order_id, 0
from billing.payment_events
where payment_id = :payment_id::text and order_id is not null

-- name: locate_subscriber
-- scope: system lookup
-- Finds the user of an external subscription by the subscription's id or the user's id.
select user_id, true as is_managed
from billing.subscriptions
where checkout_subscription_id = :managed_id::text
union all
select id, false from auth.users where id = :named::uuid

-- name: record_event
-- scope: system lookup
-- Runs before the event is applied. A repeated event waits until the first one commits, and returns
-- no row.
insert into billing.payment_events
  (id, provider_event_id, type, event_at, payment_id, subject_id, amount_cents, has_amount,
   currency, body, received_at)
values
  (:id, :provider_event_id, :type, :event_at, :payment_id::text, :subject_id::text,
   :amount_cents::int, :has_amount, :currency::text, :body, :now)
on conflict (provider_event_id) do nothing

-- name: record_unreadable
-- scope: system lookup
-- A signed body that is no event. Its hash is its id, so that a repeat is found.
insert into billing.payment_events
  (id, provider_event_id, type, event_at, body, status, received_at)
values (:id, :provider_event_id, 'unreadable', :now, :body, 'unreadable', :now)
on conflict (provider_event_id) do nothing

-- name: find_event
-- scope: system lookup
-- Returns a row only if the event has not been applied.
select body, received_at
from billing.payment_events
where id = :id and status = 'received'
for update

-- name: mark_event
-- scope: system lookup
update billing.payment_events
set status = :status, user_id = :owner::uuid, order_id = :order_id::uuid,
    applied_at = :applied_at::timestamptz, body = case when :keeps_body then body end
where id = :id

-- name: find_approvals
-- Approvals contain the payment instrument, which the capture event may lack.
select body, received_at
from billing.payment_events
where user_id = :user_id and type = 'payment_approved' and body is not null
order by received_at desc
limit 20

-- name: find_retained_order
-- scope: system lookup
-- An order of a deleted account. Locks it, as there is no owner to lock.
select id, kind, credits, amount_cents, currency, status, payment_id, period_start, attempt,
       last_event_at, last_event_rank, last_event_id, granted_at, month_start, month_end, credited_at,
       revoked_at, revoked_credits, created_at
from billing.purchases
where id = :id and user_id is null
for update

-- name: list_retained_receipts
-- scope: system lookup
-- As list_receipts, for an order of a deleted account.
select type, payment_id, subject_id, amount_cents, has_amount, currency, event_at,
       provider_event_id
from billing.payment_events
where user_id is null and order_id = :id

-- name: update_retained_order
-- scope: system lookup
update billing.purchases
set status = :status, payment_id = :payment_id::text, last_event_at = :last_event_at::timestamptz,
    last_event_rank = :last_event_rank::smallint, last_event_id = :last_event_id::text,
    updated_at = :now
where id = :id and user_id is null

-- name: delete_old_events
-- scope: system fan-out
-- Events that belong to no order. Runs daily, in batches.
delete from billing.payment_events e
using (
  select id
  from billing.payment_events
  where order_id is null and received_at < :horizon::timestamptz
  order by received_at
  limit :count
  for update skip locked
) old
where e.id = old.id

-- name: reduce_old_events
-- scope: system fan-out
-- Of the events of orders, only the bodies are deleted: the columns are the books.
update billing.payment_events e
set body = null
from (
  select id
  from billing.payment_events
  where order_id is not null and body is not null and received_at < :horizon::timestamptz
  order by received_at
  limit :count
  for update skip locked
) old
where e.id = old.id

-- name: delete_retained
-- scope: system fan-out
-- Paid orders of deleted accounts, with their events.
delete from billing.purchases p
using (
  select id
  from billing.purchases
  where user_id is null and status in ('captured', 'refunded', 'disputed')
    and updated_at < :horizon::timestamptz
  order by updated_at
  limit :count
  for update skip locked
) old
where p.id = old.id

-- name: delete_retained_unpaid
-- scope: system fan-out
-- Orders of deleted accounts that nobody paid; by the horizon, nobody can any more.
delete from billing.purchases p
using (
  select id
  from billing.purchases
  where user_id is null and status in ('open', 'declined', 'voided', 'expired')
    and updated_at < :horizon::timestamptz
  order by updated_at
  limit :count
  for update skip locked
) old
where p.id = old.id

-- name: list_due
-- scope: system fan-out
-- Subscriptions whose period ends today or has ended, and those in grace, which may end earlier.
select user_id
from (
  select user_id
  from billing.subscriptions
  where status <> 'expired' and current_period_end < :horizon::timestamptz and user_id > :after
  union
  select user_id
  from billing.subscriptions
  where status = 'grace' and user_id > :after
) due
order by user_id
limit :count

-- name: count_subscriptions
-- scope: system fan-out
-- Runs every few minutes, for the metrics.
select status, count(*) as count
from billing.subscriptions
where status <> 'expired' and current_period_end > :since::timestamptz
group by status
