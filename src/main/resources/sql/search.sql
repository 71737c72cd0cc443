-- Ranked searches. docs/decisions/searches.md explains the ranks, the groups and the choice between
-- the two ways to find matches.
--
-- :patterns has a pattern of each word, :starts one that finds it after a space; probe returns both as
-- text. They are read by subqueries, so that no plan depends on them. Ranks: 0 if all words begin
-- words of the title, 2 if they occur in it, 4 and 6 likewise in the whole text; one more if the item
-- is not open. In a title, words also begin after some punctuation; in long texts that test costs
-- more than all others.

-- name: probe
-- Per type, how many of the newest rows before :upper match, and the patterns. :horizon is the number
-- of rows that a search reads at most in the order of their ids; the id of the last is null if there
-- are fewer, or if so few match that the index of trigrams is the better way.
with patterns as materialized (
  select array_agg('%' || escaped || '%' order by has_trigram desc, length(escaped) desc, escaped)
           as anywhere,
         array_agg('% ' || escaped || '%') as starts,
         bool_or(has_trigram) as indexed
  from (
    select folded, regexp_replace(folded, '([\\%_])', '\\\1', 'g') as escaped,
           replace(folded, '_', ' ') ~ '\w{3}' as has_trigram
    from (select search.folded(word) as folded from unnest(:words::text[]) as word) words
  ) words
),
probed as (
  select 'task' as type, count(*)::int as read, count(*) filter (where matching)::int as matching
  from (
    select search_text like all ((select anywhere from patterns)::text[]) as matching
    from tasks.task_instances
    where 'task' = any (:types::text[])
      and user_id = any (array[:user_id::uuid]) and id < :upper::uuid
    order by user_id desc, id desc
    limit :rows
  ) newest
  union all
  select 'subtask', count(*)::int, count(*) filter (where matching)::int
  from (
    select search_text like all ((select anywhere from patterns)::text[]) as matching
    from tasks.subtasks
    where 'subtask' = any (:types::text[])
      and user_id = any (array[:user_id::uuid]) and id < :upper::uuid
    order by user_id desc, id desc
    limit :rows
  ) newest
  union all
  select 'note', count(*)::int, count(*) filter (where matching)::int
  from (
    select search_text like all ((select anywhere from patterns)::text[]) as matching
    from notes.notes
    where 'note' = any (:types::text[])
      and user_id = any (array[:user_id::uuid]) and id < :upper::uuid
    order by user_id desc, id desc
    limit :rows
  ) newest
),
decided as (
  select type, read, read < :rows or matching >= :dense or not indexed as walked,
         patterns.anywhere::text as patterns, patterns.starts::text as starts
  from probed cross join patterns
)
select type, walked, patterns, starts,
       case
         when not walked or read < :rows then null
         when type = 'task' then (
           select id from tasks.task_instances
           where user_id = any (array[:user_id::uuid]) and id < :upper::uuid
           order by user_id desc, id desc limit 1 offset :horizon)
         when type = 'subtask' then (
           select id from tasks.subtasks
           where user_id = any (array[:user_id::uuid]) and id < :upper::uuid
           order by user_id desc, id desc limit 1 offset :horizon)
         else (
           select id from notes.notes
           where user_id = any (array[:user_id::uuid]) and id < :upper::uuid
           order by user_id desc, id desc limit 1 offset :horizon)
       end as last
from decided
where read > 0

-- name: walk_tasks
-- The newest matches with ids from :lower on and before :upper, in the order of their ids. Only the
-- primary key has the order by user and id, which the array keeps the planner from reducing to that of
-- ids alone: their index would read the rows of others. The case hides a pattern that seems to match
-- too little for reading in order.
select id, case
         when title like all ((select :patterns::text[])::text[]) then
           case
             when ' ' || title || ' ' || translate(title, '-/(["''#@', '        ')
                  like all ((select :starts::text[])::text[]) then 0
             else 2
           end
         when ' ' || replace(search_text, E'\n', ' ')
              like all ((select :starts::text[])::text[]) then 4
         else 6
       end + closed::int as rank
from (
  select id, search_text, split_part(search_text, E'\n', 1) as title,
         completed or hidden or archived as closed
  from tasks.task_instances
  where user_id = any (array[:user_id::uuid]) and id >= :lower::uuid and id < :upper::uuid
    and case when search_text like all ((select :patterns::text[])::text[]) then true end
  order by user_id desc, id desc
  limit :limit::int
) newest

-- name: walk_subtasks
-- As above. A subtask is open if its task is, too.
select s.id, case
         when ' ' || s.title || ' ' || translate(s.title, '-/(["''#@', '        ')
              like all ((select :starts::text[])::text[]) then 0
         else 2
       end + (s.completed or t.completed or t.hidden or t.archived)::int as rank
from (
  select id, task_id, completed, search_text as title
  from tasks.subtasks
  where user_id = any (array[:user_id::uuid]) and id >= :lower::uuid and id < :upper::uuid
    and case when search_text like all ((select :patterns::text[])::text[]) then true end
  order by user_id desc, id desc
  limit :limit::int
) s
join tasks.task_instances t on t.user_id = :user_id and t.id = s.task_id

-- name: walk_notes
-- As above. The title of a note is its first line with text.
select id, case
         when title like all ((select :patterns::text[])::text[]) then
           case
             when ' ' || title || ' ' || translate(title, '-/(["''#@', '        ')
                  like all ((select :starts::text[])::text[]) then 0
             else 2
           end
         when ' ' || replace(search_text, E'\n', ' ')
              like all ((select :starts::text[])::text[]) then 4
         else 6
       end + closed::int as rank
from (
  select id, search_text, split_part(ltrim(search_text, E' \t\r\n'), E'\n', 1) as title,
         archived as closed
  from notes.notes
  where user_id = any (array[:user_id::uuid]) and id >= :lower::uuid and id < :upper::uuid
    and case when search_text like all ((select :patterns::text[])::text[]) then true end
  order by user_id desc, id desc
  limit :limit::int
) newest

-- name: look_up_tasks
-- The newest matches with ids from :lower on and before :upper, through the index of trigrams and, of the
-- few open tasks, by reading them; tasklists.search_descending explains that. Here, three words are looked
-- up. The range of ids is within an expression that no index serves, because a range looks cheaper to the
-- planner than it is.
with found as (
  select id, search_text, split_part(search_text, E'\n', 1) as title, false as closed
  from tasks.task_instances
  where user_id = :user_id and not completed and not hidden and not archived
    and search_text like all ((select :patterns::text[])::text[])
    and case when id < :upper::uuid then id >= :lower::uuid end
  union all
  select task_id, text, split_part(text, E'\n', 1), true
  from tasks.closed_texts
  where user_id = :user_id
    and text like (select (:patterns::text[])[1])
    and text like (select coalesce((:patterns::text[])[2], '%'))
    and text like (select coalesce((:patterns::text[])[3], '%'))
    and text like all ((select (:patterns::text[])[4:])::text[])
    and case when task_id < :upper::uuid then task_id >= :lower::uuid end
),
newest as (
  select id, search_text, title, closed
  from found
  order by id desc
  limit :limit::int
),
ranked as (
  select id, case
           when title like all ((select :patterns::text[])::text[]) then
             case
               when ' ' || title || ' ' || translate(title, '-/(["''#@', '        ')
                    like all ((select :starts::text[])::text[]) then 0
               else 2
             end
           when ' ' || replace(search_text, E'\n', ' ')
                like all ((select :starts::text[])::text[]) then 4
           else 6
         end + closed::int as rank
  from newest
)
select id, rank
from ranked

-- name: look_up_subtasks
-- As above; the index contains all subtasks.
with found as (
  select id, task_id, completed, search_text as title
  from tasks.subtasks
  where user_id = :user_id
    and search_text like (select (:patterns::text[])[1])
    and search_text like (select coalesce((:patterns::text[])[2], '%'))
    and search_text like (select coalesce((:patterns::text[])[3], '%'))
    and search_text like all ((select (:patterns::text[])[4:])::text[])
    and case when id < :upper::uuid then id >= :lower::uuid end
),
newest as (
  select id, task_id, completed, title
  from found
  order by id desc
  limit :limit::int
),
ranked as (
  select s.id, case
           when ' ' || s.title || ' ' || translate(s.title, '-/(["''#@', '        ')
                like all ((select :starts::text[])::text[]) then 0
           else 2
         end + (s.completed or t.completed or t.hidden or t.archived)::int as rank
  from newest s
  join tasks.task_instances t on t.user_id = :user_id and t.id = s.task_id
)
select id, rank
from ranked

-- name: look_up_notes
-- As above; the index contains the archived notes, the others are few.
with found as (
  select id, search_text, split_part(ltrim(search_text, E' \t\r\n'), E'\n', 1) as title,
         false as closed
  from notes.notes
  where user_id = :user_id and not archived
    and search_text like all ((select :patterns::text[])::text[])
    and case when id < :upper::uuid then id >= :lower::uuid end
  union all
  select id, archived_text, split_part(ltrim(archived_text, E' \t\r\n'), E'\n', 1), true
  from notes.notes
  where user_id = :user_id and archived_text is not null
    and archived_text like (select (:patterns::text[])[1])
    and archived_text like (select coalesce((:patterns::text[])[2], '%'))
    and archived_text like (select coalesce((:patterns::text[])[3], '%'))
    and archived_text like all ((select (:patterns::text[])[4:])::text[])
    and case when id < :upper::uuid then id >= :lower::uuid end
),
newest as (
  select id, search_text, title, closed
  from found
  order by id desc
  limit :limit::int
),
ranked as (
  select id, case
           when title like all ((select :patterns::text[])::text[]) then
             case
               when ' ' || title || ' ' || translate(title, '-/(["''#@', '        ')
                    like all ((select :starts::text[])::text[]) then 0
               else 2
             end
           when ' ' || replace(search_text, E'\n', ' ')
                like all ((select :starts::text[])::text[]) then 4
           else 6
         end + closed::int as rank
  from newest
)
select id, rank
from ranked

-- name: find_results
-- The items of a page, in no order.
select 'task' as type, id, null::uuid as task_id, title, description as body, completed, hidden,
       archived, updated_at
from tasks.task_instances
where user_id = :user_id and id = any (:ids::uuid[])
union all
select 'subtask', s.id, s.task_id, s.title, '', s.completed, t.hidden, t.archived, s.updated_at
from tasks.subtasks s
join tasks.task_instances t on t.user_id = :user_id and t.id = s.task_id
where s.user_id = :user_id and s.id = any (:ids::uuid[])
union all
select 'note', id, null, '', content, false, false, archived, updated_at
from notes.notes
where user_id = :user_id and id = any (:ids::uuid[])
