-- credit_expire walks those who get daily credits; most users do not. Neither column changes with a task or a note, so those
-- updates stay HOT.
create index users_entitled on auth.users (id) where tier = 'pro' or perk_daily_credits > 0;
