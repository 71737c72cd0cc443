-- name: find_statement
-- Takes no lock, so the grants and the values that determine today's credits must come from one
-- snapshot. An account without grants has one row.
select u.tier, u.perk_daily_credits, g.id, g.credit_type, g.amount, g.remaining, g.spent, g.expired,
       g.entitled_on, g.purchase_id, g.dedup_key, g.expires_at, g.created_at
from auth.users u
left join billing.ai_credit_grants g
  on g.user_id = :user_id and (g.remaining > 0 or g.entitled_on = :today::date)
where u.id = :user_id

-- name: find_grants
-- As find_statement, for transactions that have locked the user's row.
select id, credit_type, amount, remaining, spent, expired, entitled_on, purchase_id, dedup_key,
       expires_at, created_at
from billing.ai_credit_grants
where user_id = :user_id and (remaining > 0 or entitled_on = :today::date)

-- name: find_charge
-- The amounts that a charge took from each grant, in order, and whether any of them was refunded.
select g.id, g.credit_type, g.amount, g.remaining, g.spent, g.expired, g.entitled_on, g.purchase_id,
       g.dedup_key, g.expires_at, g.created_at, -l.amount as taken,
       exists (
         select from billing.ai_credit_ledger r
         where r.user_id = :user_id and r.operation_ref = :ref and r.operation = 'refund'
       ) as refunded
from billing.ai_credit_ledger l
join billing.ai_credit_grants g on g.user_id = l.user_id and g.id = l.grant_id
where l.user_id = :user_id and l.operation_ref = :ref and l.operation = 'consume'
order by l.seq

-- name: find_purchased
-- The grant of a purchase, even if nothing remains of it.
select id, credit_type, amount, remaining, spent, expired, entitled_on, purchase_id, dedup_key,
       expires_at, created_at
from billing.ai_credit_grants
where user_id = :user_id and purchase_id = :purchase

-- name: store_grants
-- Inserts new grants and updates the amounts of existing ones. Runs under the owner's lock.
insert into billing.ai_credit_grants
  (id, user_id, credit_type, amount, remaining, spent, expired, entitled_on, purchase_id, dedup_key,
   expires_at, created_at)
select id, :user_id, credit_type, amount, remaining, spent, expired, entitled_on, purchase_id,
       dedup_key, expires_at, created_at
from jsonb_to_recordset(:grants::jsonb) as g (
  id uuid, credit_type text, amount int, remaining int, spent int, expired int, entitled_on date,
  purchase_id uuid, dedup_key text, expires_at timestamptz, created_at timestamptz)
on conflict (user_id, id) do update
set remaining = excluded.remaining, spent = excluded.spent, expired = excluded.expired

-- name: append_entries
-- Inserts in the given order, so that seq ascends.
insert into billing.ai_credit_ledger
  (id, user_id, grant_id, credit_type, operation, amount, balance_after, operation_ref, description,
   expires_at, created_at)
select e.id, :user_id, e.grant_id, e.type, e.operation, e.amount, e.balance_after,
       e.ref, e.description, e.expires_at, :now
from rows from (
  jsonb_to_recordset(:entries::jsonb) as (
    id uuid, grant_id uuid, type text, operation text, amount int, balance_after int, ref text,
    description text, expires_at timestamptz)
) with ordinality as e (
  id, grant_id, type, operation, amount, balance_after, ref, description, expires_at, place)
order by e.place

-- name: list_entries
-- Scans the primary key backwards; seq alone is the key, so the position needs no id. An empty page
-- is one row with the total.
with page as (
  select seq
  from billing.ai_credit_ledger
  where user_id = :user_id and seq < :after_key::bigint and :after_id::uuid is not null
  order by seq desc
  limit :limit offset :offset
)
select case when :counted then (
         select count(*)::int from billing.ai_credit_ledger c where c.user_id = :user_id
       ) end as total,
       l.id, l.user_id, l.credit_type, l.operation, l.amount, l.balance_after, l.operation_ref,
       l.description, l.expires_at, l.created_at, page.seq::text as sort_key
from auth.users u
left join page on true
left join lateral (
  select r.id, r.user_id, r.credit_type, r.operation, r.amount, r.balance_after, r.operation_ref,
         r.description, r.expires_at, r.created_at
  from billing.ai_credit_ledger r
  where r.user_id = :user_id and r.seq = page.seq
  limit 1
) l on true
where u.id = :user_id
order by page.seq desc

-- name: find_expiring
-- scope: system fan-out
-- Users with expired credits; refreshing their daily credits removes them from the result.
select distinct user_id
from (
  select user_id
  from billing.ai_credit_grants
  where remaining > 0 and expires_at <= :now
  order by expires_at, user_id
  limit :count
) expiring
order by user_id

-- name: find_entitled
-- scope: system fan-out
-- Users entitled to daily credits, by id, for the cursor of the batch.
select id
from auth.users
where (tier = 'pro' or perk_daily_credits > 0) and id > :after
order by id
limit :count
