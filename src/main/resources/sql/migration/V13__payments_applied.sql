-- When what was paid for was given: whatever the events say afterwards, it is given once.
alter table billing.purchases add column granted_at timestamptz;

-- cleanup of events that the provider sends again no more.
create index payment_events_received on billing.payment_events (received_at);

-- subscription_check: grace may run out before the period does, if payments failed early.
create index subscriptions_grace on billing.subscriptions (user_id) where status = 'grace';
