-- Tasks from texts in words. docs/decisions/quick-add.md

-- name: find_names
-- The list, the first of several, and the label that have a name. A list that is archived counts
-- as none: a task in it would not be seen.
select n.name, n.key,
       (select l.id
        from tasks.lists l
        where l.user_id = :user_id and not l.archived and search.folded(l.name) = n.key
        order by l.position, l.id
        limit 1) as list_id,
       (select b.id
        from tasks.labels b
        where b.user_id = :user_id and b.name_key = n.key) as label_id
from (select name, search.folded(name) as key from unnest(:names::text[]) as name) n
