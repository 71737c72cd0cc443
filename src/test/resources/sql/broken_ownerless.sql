-- name: find_all
-- Neither names its owner nor says that it has none.
select name from auth.users
