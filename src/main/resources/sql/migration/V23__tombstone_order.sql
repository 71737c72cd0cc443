-- The order in which a user deleted, by numbers that grow from deletion to deletion. By time, deletions of a process whose clock
-- was ahead would count as the newest, and later ones would be dropped before them. Rows of earlier releases have 0: they are
-- older than numbered ones and ordered by time among themselves.
alter table tasks.deletion_tombstones add column seq bigint not null default 0;
