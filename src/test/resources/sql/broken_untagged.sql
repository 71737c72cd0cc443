-- name: find_all
-- scope: system
select name from auth.users
