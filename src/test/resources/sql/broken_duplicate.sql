-- name: find_it
select name from auth.users where id = :user_id

-- name: find_it
select email from auth.users where id = :user_id
