-- name: find_it
-- scope: system lookup
select name from auth.users where id = :user_id
