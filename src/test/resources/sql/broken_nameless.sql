select name from auth.users where id = :user_id
