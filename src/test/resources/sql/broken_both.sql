-- name: find_it
-- scope: system
select name from auth.users where id = :user_id
