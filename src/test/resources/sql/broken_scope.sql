-- name: find_all
-- scope: system everywhere
select name from auth.users
