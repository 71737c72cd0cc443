-- name: grant_kickstart
-- Only for an account that was made in this transaction: its balance is nothing but this grant.
with granted as (
  insert into billing.ai_credit_grants
    (id, user_id, credit_type, amount, remaining, dedup_key, created_at)
  values (:grant_id, :user_id, 'kickstart', :amount, :amount, 'kickstart', :now)
  returning id, user_id, credit_type, amount, created_at
)
insert into billing.ai_credit_ledger
  (id, user_id, grant_id, credit_type, operation, amount, balance_after, operation_ref,
   description, created_at)
select :entry_id, user_id, id, credit_type, 'grant', amount, amount, 'kickstart',
       'Credits to start with', created_at
from granted
