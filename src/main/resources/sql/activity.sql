-- name: list_entries
-- Scans the primary key backwards, selects the page by key and joins its rows. An empty page is one
-- row with the total; no row means that the account does not exist.
with matching as materialized (
  select created_at, id
  from activity.activity_logs
  where user_id = :user_id
    and created_at >= coalesce(:since::timestamptz, '-infinity')
    and (:entity_type::text is null or entity_type = :entity_type)
    and (:entity_id::uuid is null or entity_id = :entity_id)
    and (:action::text is null or action = :action)
    and (:source::text is null or source = :source)
),
page as (
  select created_at, id, row_number() over (order by created_at desc, id desc) as place
  from matching
  order by place
  limit :limit offset :offset
)
select (select count(*)::int from matching) as total, l.id, l.user_id, l.entity_type, l.entity_id,
       l.action, l.source, l.metadata, l.request_id, l.created_at
from auth.users u
left join page on true
left join activity.activity_logs l
  on l.user_id = :user_id and l.created_at = page.created_at and l.id = page.id
where u.id = :user_id
order by page.place
