-- Tasks that match a filter. docs/decisions/filter-language.md
--
-- :clauses are the alternatives of the filter's normal form, one of which a task must satisfy. A condition
-- that a clause does not have is null. The statements differ in the tasks that they examine, and all but
-- one examine a bounded number.

-- name: find_meaning
-- What the names and words of a filter mean for the user; no row means that the account does not exist.
-- An index of trigrams finds words with three letters or digits in a row (migration V40).
select 'zone' as kind, u.timezone as name, null::uuid as id, null::text as folded, false as indexed
from auth.users u
where u.id = :user_id
union all
select 'list', n.name, l.id, null, false
from unnest(:lists::text[]) as n (name)
join tasks.lists l on l.user_id = :user_id and search.folded(l.name) = search.folded(n.name)
union all
select 'label', n.name, l.id, null, false
from unnest(:labels::text[]) as n (name)
join tasks.labels l on l.user_id = :user_id and l.name_key = search.folded(n.name)
union all
select 'archived_list', l.name, l.id, null, false
from tasks.lists l
where l.user_id = :user_id and l.archived
union all
select 'word', w.word, null, w.folded, replace(w.folded, '_', ' ') ~ '\w{3}'
from (select word, search.folded(word) as folded from unnest(:words::text[]) as word) w

-- name: walk_newest
-- Newest first, and no further than :budget tasks after a position. Two indexes serve the order: of tasks
-- that are neither hidden nor archived, and of the others. Stops after :limit tasks that match.
with clauses as materialized (
  select completed, hidden, archived, all_day, labelled, priorities, due, due_missing, start, start_missing,
         created, updated, completed_at, completed_at_missing, estimate, estimate_missing, subtasks, lists,
         lists_except, list_missing, templates, templates_except, template_missing, labels, no_labels, words,
         no_words, titles, no_titles
  from jsonb_to_recordset(:clauses::jsonb) as c (
    completed boolean, hidden boolean, archived boolean, all_day boolean, labelled boolean, priorities text[],
    due tstzmultirange, due_missing boolean, start datemultirange, start_missing boolean,
    created tstzmultirange, updated tstzmultirange, completed_at tstzmultirange, completed_at_missing boolean,
    estimate int4multirange, estimate_missing boolean, subtasks int4multirange, lists uuid[],
    lists_except boolean, list_missing boolean, templates uuid[], templates_except boolean,
    template_missing boolean, labels uuid[], no_labels uuid[], words text[], no_words text[], titles text[],
    no_titles text[])
)
select t.id, t.created_at::text as sort_key
from (
  select id, template_id, title, priority, due_date, due_on, start_on, estimated_duration, completed,
         completed_at, hidden, archived, subtask_count, list_id, label_ids, search_text, created_at, updated_at
  from (
    (
      select id, template_id, title, priority, due_date, due_on, start_on, estimated_duration, completed,
             completed_at, hidden, archived, subtask_count, list_id, label_ids, search_text, created_at, updated_at
      from tasks.task_instances
      where :shown and user_id = :user_id and not hidden and not archived
        and (created_at, id) < (:after_key::timestamptz, :after_id::uuid)
        and created_at >= :created_from::timestamptz and created_at < :created_before::timestamptz
      order by created_at desc, id desc
      limit :budget
    )
    union all
    (
      select id, template_id, title, priority, due_date, due_on, start_on, estimated_duration, completed,
             completed_at, hidden, archived, subtask_count, list_id, label_ids, search_text, created_at, updated_at
      from tasks.task_instances
      where :put_away and user_id = :user_id and (hidden or archived)
        and (created_at, id) < (:after_key::timestamptz, :after_id::uuid)
        and created_at >= :created_from::timestamptz and created_at < :created_before::timestamptz
      order by created_at desc, id desc
      limit :budget
    )
  ) tasks
  order by created_at desc, id desc
  limit :budget
) t
where exists (
    select from clauses c
    where (c.completed is null or t.completed = c.completed)
      and (c.hidden is null or t.hidden = c.hidden)
      and (c.archived is null or t.archived = c.archived)
      and (c.priorities is null or t.priority = any (c.priorities))
      and (c.all_day is null or (t.due_on is not null) = c.all_day)
      and (c.labelled is null or (t.label_ids <> '{}') = c.labelled)
      and (c.due is null or coalesce(t.due_date <@ c.due, c.due_missing))
      and (c.start is null or coalesce(t.start_on <@ c.start, c.start_missing))
      and (c.created is null or t.created_at <@ c.created)
      and (c.updated is null or t.updated_at <@ c.updated)
      and (c.completed_at is null or coalesce(t.completed_at <@ c.completed_at, c.completed_at_missing))
      and (c.estimate is null or coalesce(t.estimated_duration <@ c.estimate, c.estimate_missing))
      and (c.subtasks is null or t.subtask_count <@ c.subtasks)
      and (c.lists is null or case when t.list_id is null then c.list_missing else (t.list_id = any (c.lists)) <> c.lists_except end)
      and (c.templates is null or case when t.template_id is null then c.template_missing else (t.template_id = any (c.templates)) <> c.templates_except end)
      and (c.labels is null or t.label_ids @> c.labels)
      and (c.no_labels is null or not t.label_ids && c.no_labels)
      and (c.words is null or t.search_text like all (c.words))
      and (c.no_words is null or t.search_text not like all (c.no_words))
      and (c.titles is null or case when t.search_text like all (c.titles) then search.folded(t.title) like all (c.titles) end)
      and (c.no_titles is null
        or case when t.search_text like any (c.no_titles) then search.folded(t.title) not like all (c.no_titles) else true end)
  )
order by t.created_at desc, t.id desc
limit :limit

-- name: find_end_of_walk_newest
-- The last task that walk_newest examines; none if it examines fewer than :budget.
select id, created_at::text as sort_key
from (
  (
    select id, created_at
    from tasks.task_instances
    where :shown and user_id = :user_id and not hidden and not archived
      and (created_at, id) < (:after_key::timestamptz, :after_id::uuid)
      and created_at >= :created_from::timestamptz and created_at < :created_before::timestamptz
    order by created_at desc, id desc
    limit :budget
  )
  union all
  (
    select id, created_at
    from tasks.task_instances
    where :put_away and user_id = :user_id and (hidden or archived)
      and (created_at, id) < (:after_key::timestamptz, :after_id::uuid)
      and created_at >= :created_from::timestamptz and created_at < :created_before::timestamptz
    order by created_at desc, id desc
    limit :budget
  )
) tasks
order by created_at desc, id desc
limit 1 offset :budget::int - 1

-- name: walk_oldest
-- As above, oldest first.
with clauses as materialized (
  select completed, hidden, archived, all_day, labelled, priorities, due, due_missing, start, start_missing,
         created, updated, completed_at, completed_at_missing, estimate, estimate_missing, subtasks, lists,
         lists_except, list_missing, templates, templates_except, template_missing, labels, no_labels, words,
         no_words, titles, no_titles
  from jsonb_to_recordset(:clauses::jsonb) as c (
    completed boolean, hidden boolean, archived boolean, all_day boolean, labelled boolean, priorities text[],
    due tstzmultirange, due_missing boolean, start datemultirange, start_missing boolean,
    created tstzmultirange, updated tstzmultirange, completed_at tstzmultirange, completed_at_missing boolean,
    estimate int4multirange, estimate_missing boolean, subtasks int4multirange, lists uuid[],
    lists_except boolean, list_missing boolean, templates uuid[], templates_except boolean,
    template_missing boolean, labels uuid[], no_labels uuid[], words text[], no_words text[], titles text[],
    no_titles text[])
)
select t.id, t.created_at::text as sort_key
from (
  select id, template_id, title, priority, due_date, due_on, start_on, estimated_duration, completed,
         completed_at, hidden, archived, subtask_count, list_id, label_ids, search_text, created_at, updated_at
  from (
    (
      select id, template_id, title, priority, due_date, due_on, start_on, estimated_duration, completed,
             completed_at, hidden, archived, subtask_count, list_id, label_ids, search_text, created_at, updated_at
      from tasks.task_instances
      where :shown and user_id = :user_id and not hidden and not archived
        and (created_at, id) > (:after_key::timestamptz, :after_id::uuid)
        and created_at >= :created_from::timestamptz and created_at < :created_before::timestamptz
      order by created_at, id
      limit :budget
    )
    union all
    (
      select id, template_id, title, priority, due_date, due_on, start_on, estimated_duration, completed,
             completed_at, hidden, archived, subtask_count, list_id, label_ids, search_text, created_at, updated_at
      from tasks.task_instances
      where :put_away and user_id = :user_id and (hidden or archived)
        and (created_at, id) > (:after_key::timestamptz, :after_id::uuid)
        and created_at >= :created_from::timestamptz and created_at < :created_before::timestamptz
      order by created_at, id
      limit :budget
    )
  ) tasks
  order by created_at, id
  limit :budget
) t
where exists (
    select from clauses c
    where (c.completed is null or t.completed = c.completed)
      and (c.hidden is null or t.hidden = c.hidden)
      and (c.archived is null or t.archived = c.archived)
      and (c.priorities is null or t.priority = any (c.priorities))
      and (c.all_day is null or (t.due_on is not null) = c.all_day)
      and (c.labelled is null or (t.label_ids <> '{}') = c.labelled)
      and (c.due is null or coalesce(t.due_date <@ c.due, c.due_missing))
      and (c.start is null or coalesce(t.start_on <@ c.start, c.start_missing))
      and (c.created is null or t.created_at <@ c.created)
      and (c.updated is null or t.updated_at <@ c.updated)
      and (c.completed_at is null or coalesce(t.completed_at <@ c.completed_at, c.completed_at_missing))
      and (c.estimate is null or coalesce(t.estimated_duration <@ c.estimate, c.estimate_missing))
      and (c.subtasks is null or t.subtask_count <@ c.subtasks)
      and (c.lists is null or case when t.list_id is null then c.list_missing else (t.list_id = any (c.lists)) <> c.lists_except end)
      and (c.templates is null or case when t.template_id is null then c.template_missing else (t.template_id = any (c.templates)) <> c.templates_except end)
      and (c.labels is null or t.label_ids @> c.labels)
      and (c.no_labels is null or not t.label_ids && c.no_labels)
      and (c.words is null or t.search_text like all (c.words))
      and (c.no_words is null or t.search_text not like all (c.no_words))
      and (c.titles is null or case when t.search_text like all (c.titles) then search.folded(t.title) like all (c.titles) end)
      and (c.no_titles is null
        or case when t.search_text like any (c.no_titles) then search.folded(t.title) not like all (c.no_titles) else true end)
  )
order by t.created_at, t.id
limit :limit

-- name: find_end_of_walk_oldest
-- The last task that walk_oldest examines; none if it examines fewer than :budget.
select id, created_at::text as sort_key
from (
  (
    select id, created_at
    from tasks.task_instances
    where :shown and user_id = :user_id and not hidden and not archived
      and (created_at, id) > (:after_key::timestamptz, :after_id::uuid)
      and created_at >= :created_from::timestamptz and created_at < :created_before::timestamptz
    order by created_at, id
    limit :budget
  )
  union all
  (
    select id, created_at
    from tasks.task_instances
    where :put_away and user_id = :user_id and (hidden or archived)
      and (created_at, id) > (:after_key::timestamptz, :after_id::uuid)
      and created_at >= :created_from::timestamptz and created_at < :created_before::timestamptz
    order by created_at, id
    limit :budget
  )
) tasks
order by created_at, id
limit 1 offset :budget::int - 1

-- name: list_candidates_ascending
-- Of the tasks that indexes find: those that are open, and at most :max each with one of the words, in
-- one of the lists, with one of the labels, completed or due in a period. If there are more, the only row
-- has no id. Keys are times, priorities as seconds.
with clauses as materialized (
  select completed, hidden, archived, all_day, labelled, priorities, due, due_missing, start, start_missing,
         created, updated, completed_at, completed_at_missing, estimate, estimate_missing, subtasks, lists,
         lists_except, list_missing, templates, templates_except, template_missing, labels, no_labels, words,
         no_words, titles, no_titles
  from jsonb_to_recordset(:clauses::jsonb) as c (
    completed boolean, hidden boolean, archived boolean, all_day boolean, labelled boolean, priorities text[],
    due tstzmultirange, due_missing boolean, start datemultirange, start_missing boolean,
    created tstzmultirange, updated tstzmultirange, completed_at tstzmultirange, completed_at_missing boolean,
    estimate int4multirange, estimate_missing boolean, subtasks int4multirange, lists uuid[],
    lists_except boolean, list_missing boolean, templates uuid[], templates_except boolean,
    template_missing boolean, labels uuid[], no_labels uuid[], words text[], no_words text[], titles text[],
    no_titles text[])
),
found as (
  (
    select id
    from tasks.task_instances
    where :open and user_id = :user_id and not completed and not hidden and not archived
    limit :max
  )
  union all
  (
    select t.id
    from unnest(:patterns::text[]) as p (pattern)
    cross join lateral (
      select task_id as id
      from tasks.closed_texts
      where user_id = :user_id and text like p.pattern
      limit :max
    ) t
    limit :max
  )
  union all
  (
    select id
    from tasks.task_instances
    where :lists::uuid[] is not null and user_id = :user_id
      and coalesce(list_id, '00000000-0000-0000-0000-000000000000'::uuid) = any (:lists::uuid[])
      and not hidden and not archived
    limit :max
  )
  union all
  (
    select id
    from tasks.task_instances
    where :labels::uuid[] is not null and user_id = :user_id and label_ids <> '{}' and label_ids && :labels::uuid[]
    limit :max
  )
  union all
  (
    select id
    from tasks.task_instances
    where :completed_from::timestamptz is not null and user_id = :user_id
      and completed and not hidden and not archived
      and completed_at >= :completed_from::timestamptz and completed_at < :completed_before::timestamptz
    limit :max
  )
  union all
  (
    select id
    from tasks.task_instances
    where :due_from::timestamptz is not null and user_id = :user_id and completed and due_date is not null
      and due_date >= :due_from::timestamptz and due_date < :due_before::timestamptz
    limit :max
  )
),
candidates as materialized (
  select id from found limit :max
),
matching as (
  select t.id, case :order
                 when 'due_date' then coalesce(t.due_date, 'infinity')
                 when 'priority' then to_timestamp(case t.priority when 'high' then 0 when 'medium' then 1 else 2 end)
                 when 'updated_at' then t.updated_at
                 else t.created_at
               end as key
  from (select distinct id from candidates) found
  join tasks.task_instances t on t.user_id = :user_id and t.id = found.id
  where (select count(*) from candidates) < :max
    and exists (
      select from clauses c
      where (c.completed is null or t.completed = c.completed)
        and (c.hidden is null or t.hidden = c.hidden)
        and (c.archived is null or t.archived = c.archived)
        and (c.priorities is null or t.priority = any (c.priorities))
        and (c.all_day is null or (t.due_on is not null) = c.all_day)
        and (c.labelled is null or (t.label_ids <> '{}') = c.labelled)
        and (c.due is null or coalesce(t.due_date <@ c.due, c.due_missing))
        and (c.start is null or coalesce(t.start_on <@ c.start, c.start_missing))
        and (c.created is null or t.created_at <@ c.created)
        and (c.updated is null or t.updated_at <@ c.updated)
        and (c.completed_at is null or coalesce(t.completed_at <@ c.completed_at, c.completed_at_missing))
        and (c.estimate is null or coalesce(t.estimated_duration <@ c.estimate, c.estimate_missing))
        and (c.subtasks is null or t.subtask_count <@ c.subtasks)
        and (c.lists is null or case when t.list_id is null then c.list_missing else (t.list_id = any (c.lists)) <> c.lists_except end)
        and (c.templates is null or case when t.template_id is null then c.template_missing else (t.template_id = any (c.templates)) <> c.templates_except end)
        and (c.labels is null or t.label_ids @> c.labels)
        and (c.no_labels is null or not t.label_ids && c.no_labels)
        and (c.words is null or t.search_text like all (c.words))
        and (c.no_words is null or t.search_text not like all (c.no_words))
        and (c.titles is null or case when t.search_text like all (c.titles) then search.folded(t.title) like all (c.titles) end)
        and (c.no_titles is null
          or case when t.search_text like any (c.no_titles) then search.folded(t.title) not like all (c.no_titles) else true end)
    )
),
page as (
  select id, key
  from matching
  where (key, id) > (:after_key::timestamptz, :after_id::uuid)
  order by key, id
  limit :limit
)
select page.id, page.key::text as sort_key
from (select count(*) >= :max as exceeded from candidates) c
left join page on true
where c.exceeded or page.id is not null
order by page.key, page.id

-- name: list_candidates_descending
-- As above, in descending order.
with clauses as materialized (
  select completed, hidden, archived, all_day, labelled, priorities, due, due_missing, start, start_missing,
         created, updated, completed_at, completed_at_missing, estimate, estimate_missing, subtasks, lists,
         lists_except, list_missing, templates, templates_except, template_missing, labels, no_labels, words,
         no_words, titles, no_titles
  from jsonb_to_recordset(:clauses::jsonb) as c (
    completed boolean, hidden boolean, archived boolean, all_day boolean, labelled boolean, priorities text[],
    due tstzmultirange, due_missing boolean, start datemultirange, start_missing boolean,
    created tstzmultirange, updated tstzmultirange, completed_at tstzmultirange, completed_at_missing boolean,
    estimate int4multirange, estimate_missing boolean, subtasks int4multirange, lists uuid[],
    lists_except boolean, list_missing boolean, templates uuid[], templates_except boolean,
    template_missing boolean, labels uuid[], no_labels uuid[], words text[], no_words text[], titles text[],
    no_titles text[])
),
found as (
  (
    select id
    from tasks.task_instances
    where :open and user_id = :user_id and not completed and not hidden and not archived
    limit :max
  )
  union all
  (
    select t.id
    from unnest(:patterns::text[]) as p (pattern)
    cross join lateral (
      select task_id as id
      from tasks.closed_texts
      where user_id = :user_id and text like p.pattern
      limit :max
    ) t
    limit :max
  )
  union all
  (
    select id
    from tasks.task_instances
    where :lists::uuid[] is not null and user_id = :user_id
      and coalesce(list_id, '00000000-0000-0000-0000-000000000000'::uuid) = any (:lists::uuid[])
      and not hidden and not archived
    limit :max
  )
  union all
  (
    select id
    from tasks.task_instances
    where :labels::uuid[] is not null and user_id = :user_id and label_ids <> '{}' and label_ids && :labels::uuid[]
    limit :max
  )
  union all
  (
    select id
    from tasks.task_instances
    where :completed_from::timestamptz is not null and user_id = :user_id
      and completed and not hidden and not archived
      and completed_at >= :completed_from::timestamptz and completed_at < :completed_before::timestamptz
    limit :max
  )
  union all
  (
    select id
    from tasks.task_instances
    where :due_from::timestamptz is not null and user_id = :user_id and completed and due_date is not null
      and due_date >= :due_from::timestamptz and due_date < :due_before::timestamptz
    limit :max
  )
),
candidates as materialized (
  select id from found limit :max
),
matching as (
  select t.id, case :order
                 when 'due_date' then coalesce(t.due_date, '-infinity')
                 when 'priority' then to_timestamp(case t.priority when 'high' then 0 when 'medium' then 1 else 2 end)
                 when 'updated_at' then t.updated_at
                 else t.created_at
               end as key
  from (select distinct id from candidates) found
  join tasks.task_instances t on t.user_id = :user_id and t.id = found.id
  where (select count(*) from candidates) < :max
    and exists (
      select from clauses c
      where (c.completed is null or t.completed = c.completed)
        and (c.hidden is null or t.hidden = c.hidden)
        and (c.archived is null or t.archived = c.archived)
        and (c.priorities is null or t.priority = any (c.priorities))
        and (c.all_day is null or (t.due_on is not null) = c.all_day)
        and (c.labelled is null or (t.label_ids <> '{}') = c.labelled)
        and (c.due is null or coalesce(t.due_date <@ c.due, c.due_missing))
        and (c.start is null or coalesce(t.start_on <@ c.start, c.start_missing))
        and (c.created is null or t.created_at <@ c.created)
        and (c.updated is null or t.updated_at <@ c.updated)
        and (c.completed_at is null or coalesce(t.completed_at <@ c.completed_at, c.completed_at_missing))
        and (c.estimate is null or coalesce(t.estimated_duration <@ c.estimate, c.estimate_missing))
        and (c.subtasks is null or t.subtask_count <@ c.subtasks)
        and (c.lists is null or case when t.list_id is null then c.list_missing else (t.list_id = any (c.lists)) <> c.lists_except end)
        and (c.templates is null or case when t.template_id is null then c.template_missing else (t.template_id = any (c.templates)) <> c.templates_except end)
        and (c.labels is null or t.label_ids @> c.labels)
        and (c.no_labels is null or not t.label_ids && c.no_labels)
        and (c.words is null or t.search_text like all (c.words))
        and (c.no_words is null or t.search_text not like all (c.no_words))
        and (c.titles is null or case when t.search_text like all (c.titles) then search.folded(t.title) like all (c.titles) end)
        and (c.no_titles is null
          or case when t.search_text like any (c.no_titles) then search.folded(t.title) not like all (c.no_titles) else true end)
    )
),
page as (
  select id, key
  from matching
  where (key, id) < (:after_key::timestamptz, :after_id::uuid)
  order by key desc, id desc
  limit :limit
)
select page.id, page.key::text as sort_key
from (select count(*) >= :max as exceeded from candidates) c
left join page on true
where c.exceeded or page.id is not null
order by page.key desc, page.id desc

-- name: select_matching
-- Those of these tasks that match.
with clauses as materialized (
  select completed, hidden, archived, all_day, labelled, priorities, due, due_missing, start, start_missing,
         created, updated, completed_at, completed_at_missing, estimate, estimate_missing, subtasks, lists,
         lists_except, list_missing, templates, templates_except, template_missing, labels, no_labels, words,
         no_words, titles, no_titles
  from jsonb_to_recordset(:clauses::jsonb) as c (
    completed boolean, hidden boolean, archived boolean, all_day boolean, labelled boolean, priorities text[],
    due tstzmultirange, due_missing boolean, start datemultirange, start_missing boolean,
    created tstzmultirange, updated tstzmultirange, completed_at tstzmultirange, completed_at_missing boolean,
    estimate int4multirange, estimate_missing boolean, subtasks int4multirange, lists uuid[],
    lists_except boolean, list_missing boolean, templates uuid[], templates_except boolean,
    template_missing boolean, labels uuid[], no_labels uuid[], words text[], no_words text[], titles text[],
    no_titles text[])
)
select t.id
from tasks.task_instances t
where t.user_id = :user_id and t.id = any (:ids)
  and exists (
    select from clauses c
    where (c.completed is null or t.completed = c.completed)
      and (c.hidden is null or t.hidden = c.hidden)
      and (c.archived is null or t.archived = c.archived)
      and (c.priorities is null or t.priority = any (c.priorities))
      and (c.all_day is null or (t.due_on is not null) = c.all_day)
      and (c.labelled is null or (t.label_ids <> '{}') = c.labelled)
      and (c.due is null or coalesce(t.due_date <@ c.due, c.due_missing))
      and (c.start is null or coalesce(t.start_on <@ c.start, c.start_missing))
      and (c.created is null or t.created_at <@ c.created)
      and (c.updated is null or t.updated_at <@ c.updated)
      and (c.completed_at is null or coalesce(t.completed_at <@ c.completed_at, c.completed_at_missing))
      and (c.estimate is null or coalesce(t.estimated_duration <@ c.estimate, c.estimate_missing))
      and (c.subtasks is null or t.subtask_count <@ c.subtasks)
      and (c.lists is null or case when t.list_id is null then c.list_missing else (t.list_id = any (c.lists)) <> c.lists_except end)
      and (c.templates is null or case when t.template_id is null then c.template_missing else (t.template_id = any (c.templates)) <> c.templates_except end)
      and (c.labels is null or t.label_ids @> c.labels)
      and (c.no_labels is null or not t.label_ids && c.no_labels)
      and (c.words is null or t.search_text like all (c.words))
      and (c.no_words is null or t.search_text not like all (c.no_words))
      and (c.titles is null or case when t.search_text like all (c.titles) then search.folded(t.title) like all (c.titles) end)
      and (c.no_titles is null
        or case when t.search_text like any (c.no_titles) then search.folded(t.title) not like all (c.no_titles) else true end)
  )
