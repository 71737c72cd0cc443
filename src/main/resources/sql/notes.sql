-- name: list_notes
-- Newest first. Walks an index for the keys of the page, and reads its rows by id. An empty page is
-- one row with the total; no row means that the account does not exist.
with page as (
  select created_at, id
  from notes.notes
  where user_id = :user_id
    and archived = :archived
    and (created_at, id) < (:after_key::timestamptz, :after_id)
  order by created_at desc, id desc
  limit :limit offset :offset
)
select case when :counted then (
         select count(*)::int from notes.notes c where c.user_id = :user_id and c.archived = :archived
       ) end as total,
       n.id, n.user_id, n.content, n.archived, n.voice_url, n.voice_duration_seconds,
       n.transcription_status, n.version, n.created_at, n.updated_at,
       n.created_at::text as sort_key
from auth.users u
left join page on true
left join lateral (
  select r.id, r.user_id, r.content, r.archived, r.voice_url, r.voice_duration_seconds,
         r.transcription_status, r.version, r.created_at, r.updated_at
  from notes.notes r
  where r.user_id = :user_id and r.id = page.id
  limit 1
) n on true
where u.id = :user_id
order by page.created_at desc, page.id desc

-- name: search_notes
-- As list_notes, of notes that contain every word. Archived ones are found through the index of
-- trigrams (migration V19) by the two longest words that have three letters or digits in a row.
-- Without such a word, the index would be read as a whole, so all archived texts of the user are.
-- Notes that are not archived are few and are read. Patterns are computed once; migration V17
-- explains their form.
with patterns as materialized (
  select array_agg(pattern order by has_trigram desc, length(pattern) desc, pattern) as best_first,
         bool_or(has_trigram) as indexed
  from (
    select '%' || regexp_replace(folded, '([\\%_])', '\\\1', 'g') || '%' as pattern,
           replace(folded, '_', ' ') ~ '\w{3}' as has_trigram
    from (select search.folded(word) as folded from unnest(:words::text[]) as word) words
  ) words
),
matching as materialized (
  select id, created_at
  from notes.notes
  where not :archived
    and user_id = :user_id and not archived
    and search_text like all ((select best_first from patterns)::text[])
  union all
  select id, created_at
  from notes.notes
  where :archived and (select indexed from patterns)
    and user_id = :user_id and archived_text is not null
    and archived_text like (select best_first[1] from patterns)
    and archived_text like (select coalesce(best_first[2], '%') from patterns)
    and archived_text like all ((select best_first[3:] from patterns)::text[])
  union all
  select id, created_at
  from notes.notes
  where :archived and not (select indexed from patterns)
    and user_id = :user_id and archived_text is not null
    and archived_text like all ((select best_first from patterns)::text[])
),
page as (
  select id, created_at
  from matching
  where (created_at, id) < (:after_key::timestamptz, :after_id)
  order by created_at desc, id desc
  limit :limit offset :offset
)
select case when :counted then (select count(*)::int from matching) end as total, n.id, n.user_id,
       n.content, n.archived, n.voice_url, n.voice_duration_seconds, n.transcription_status,
       n.version, n.created_at, n.updated_at, n.created_at::text as sort_key
from auth.users u
left join page on true
left join notes.notes n on n.user_id = :user_id and n.id = page.id
where u.id = :user_id
order by page.created_at desc, page.id desc

-- name: find_note
select id, user_id, content, archived, voice_url, voice_duration_seconds, transcription_status,
       version, created_at, updated_at, converted_at is not null as converted
from notes.notes
where user_id = :user_id and id = :id

-- name: find_note_owner
-- Runs only if the user has no such note: decides between 401, 403 and 404.
select exists (select from auth.users where id = :user_id) as account,
       exists (select from notes.notes where id = :id) as elsewhere

-- name: insert_note
-- Increments the counter in the same statement; the limit was checked on the user's locked row.
with counted as (
  update auth.users set notes = notes + 1 where id = :user_id
)
insert into notes.notes
  (id, user_id, content, voice_url, voice_duration_seconds, transcription_status, created_at,
   updated_at)
values
  (:id, :user_id, :content, :voice_url::text, :voice_duration_seconds::int,
   :transcription_status::text, :now, :now)

-- name: store_note
-- Stores the state computed under the owner's lock.
with counted as (
  update auth.users set notes = notes + :note_delta
  where id = :user_id and :note_delta <> 0
)
update notes.notes
set content = :content,
    archived = :archived,
    transcription_status = :transcription_status::text,
    version = :version,
    updated_at = :updated_at
where user_id = :user_id and id = :id

-- name: mark_converted
-- Updates no row if the note was converted before, so that a note never becomes two tasks.
update notes.notes
set converted_at = :now
where user_id = :user_id and id = :id and converted_at is null

-- name: delete_note
-- Takes the snapshot, deletes the note and decrements the counter in one statement, so that no note
-- is lost between them.
with counted as (
  update auth.users set notes = notes + :note_delta
  where id = :user_id and :note_delta <> 0
),
tombstone as (
  insert into tasks.deletion_tombstones
    (id, user_id, entity_type, entity_id, title, snapshot, deleted_at, recoverable_until, seq)
  select :tombstone_id, :user_id, 'note', n.id, :title, jsonb_build_object('note', to_jsonb(n) - '{search_text,archived_text}'::text[]),
         :now, :recoverable_until,
         1 + coalesce((
           select max(o.seq) from tasks.deletion_tombstones o where o.user_id = :user_id), 0)
  from notes.notes n
  where n.user_id = :user_id and n.id = :id
)
delete from notes.notes
where user_id = :user_id and id = :id

-- name: find_deleted
-- A deleted note, and whether any user's note has its id. Notes that were deleted by earlier releases
-- have no version.
select n.id, n.user_id, n.content, n.archived, n.voice_url, n.voice_duration_seconds,
       n.transcription_status, coalesce(n.version, 1) as version, n.created_at, n.updated_at,
       exists (select from notes.notes o where o.id = n.id) as id_in_use
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_record(null::notes.notes, d.snapshot -> 'note') n
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'note'

-- name: restore_note
-- Inserts the snapshot's values unchanged, except the version.
with counted as (
  update auth.users set notes = notes + :note_delta
  where id = :user_id and :note_delta <> 0
)
insert into notes.notes
  (id, user_id, content, archived, voice_url, voice_duration_seconds, transcription_status,
   converted_at, version, created_at, updated_at)
select n.id, d.user_id, n.content, n.archived, n.voice_url, n.voice_duration_seconds,
       n.transcription_status, n.converted_at, :version, n.created_at, n.updated_at
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_record(null::notes.notes, d.snapshot -> 'note') n
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'note'

-- name: find_by_ids
-- For synchronization.
select id, user_id, content, archived, voice_url, voice_duration_seconds, transcription_status,
       version, created_at, updated_at
from notes.notes
where user_id = :user_id and id = any(:ids)

-- name: list_by_id
-- For snapshots; the primary key serves it.
select id, user_id, content, archived, voice_url, voice_duration_seconds, transcription_status,
       version, created_at, updated_at
from notes.notes
where user_id = :user_id and id > :after
order by id
limit :limit

-- name: find_equal_notes
-- For undo.
select t.id
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join notes.notes t on t.user_id = :user_id and t.id = c.id
where jsonb_populate_record(t, c.before) is not distinct from t

-- name: remove_created_notes
-- For undo.
delete from notes.notes
where user_id = :user_id and id = any(:ids)

-- name: set_former_note_values
-- For undo.
update notes.notes n
set content = r.content,
    archived = r.archived,
    voice_url = r.voice_url,
    voice_duration_seconds = r.voice_duration_seconds,
    transcription_status = r.transcription_status,
    converted_at = r.converted_at,
    version = o.version + 1,
    updated_at = :now
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
join notes.notes o on o.user_id = :user_id and o.id = c.id
cross join lateral jsonb_populate_record(o, c.before) r
where n.user_id = :user_id and n.id = c.id

-- name: insert_former_notes
-- For undo.
insert into notes.notes
  (id, user_id, content, archived, voice_url, voice_duration_seconds, transcription_status,
   converted_at, version, created_at, updated_at)
select c.id, :user_id, r.content, r.archived, r.voice_url, r.voice_duration_seconds,
       r.transcription_status, r.converted_at, r.version + 1, r.created_at, r.updated_at
from jsonb_to_recordset(:rows::jsonb) as c (id uuid, before jsonb)
cross join lateral jsonb_populate_record(null::notes.notes, c.before) r

-- name: count_notes
-- Runs with the statements of undo.
update auth.users
set notes = notes + :note_delta
where id = :user_id
