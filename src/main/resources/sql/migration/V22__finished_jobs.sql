-- A job that has finished is deleted in the transaction of its effect. The state 'done' stays for earlier releases, which run
-- beside this one during an upgrade; cleanup removes what they leave.

-- The result of a statement that ends a job: the cast of false fails the transaction, because the lease was lost.
create domain ops.lease_held as boolean constraint lease_held check (value is true);
