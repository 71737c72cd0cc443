-- name: list_entries
-- Newest first. Migration V20 explains the function. No row means that the account does not exist.
select p.total::int as total, p.id, p.user_id, p.entity_type, p.entity_id, p.action, p.source,
       p.metadata, p.request_id, p.change, p.created_at, p.created_at::text as sort_key
from auth.users u
cross join lateral activity.find_page(
  u.id, :entity_type::text, :entity_id::uuid, :action::text, :source::text,
  coalesce(:since::timestamptz, '-infinity'), :after_key::timestamptz, :after_id, :offset, :limit,
  :counted) p
where u.id = :user_id
order by p.created_at desc, p.id desc
