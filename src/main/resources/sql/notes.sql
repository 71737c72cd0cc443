-- name: list_notes
-- Newest first. Reads the user's rows by primary key, selects the page by id and joins its rows. An
-- empty page is one row with the total; no row means that the account does not exist. Patterns are
-- computed once per word; migration V17 explains their form.
with matching as materialized (
  select id, created_at
  from notes.notes
  where user_id = :user_id
    and archived = :archived
    and (
      cardinality(:words::text[]) = 0
      or search_text like all (array(
        select '%' || regexp_replace(search.folded(word), '([\\%_])', '\\\1', 'g') || '%'
        from unnest(:words::text[]) as word
      ))
    )
),
page as (
  select id, row_number() over (order by created_at desc, id desc) as place
  from matching
  order by place
  limit :limit offset :offset
)
select (select count(*)::int from matching) as total, n.id, n.user_id, n.content, n.archived,
       n.voice_url, n.voice_duration_seconds, n.transcription_status, n.created_at, n.updated_at
from auth.users u
left join page on true
left join notes.notes n on n.user_id = :user_id and n.id = page.id
where u.id = :user_id
order by page.place

-- name: find_note
select id, user_id, content, archived, voice_url, voice_duration_seconds, transcription_status,
       created_at, updated_at, converted_at is not null as converted
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
    (id, user_id, entity_type, entity_id, title, snapshot, deleted_at, recoverable_until)
  select :tombstone_id, :user_id, 'note', n.id, :title, jsonb_build_object('note', to_jsonb(n) - '{search_text,archived_text}'::text[]),
         :now, :recoverable_until
  from notes.notes n
  where n.user_id = :user_id and n.id = :id
)
delete from notes.notes
where user_id = :user_id and id = :id

-- name: find_deleted
-- A deleted note, and whether any user's note has its id.
select n.id, n.user_id, n.content, n.archived, n.voice_url, n.voice_duration_seconds,
       n.transcription_status, n.created_at, n.updated_at,
       exists (select from notes.notes o where o.id = n.id) as id_in_use
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_record(null::notes.notes, d.snapshot -> 'note') n
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'note'

-- name: restore_note
-- Inserts the snapshot's values unchanged.
with counted as (
  update auth.users set notes = notes + :note_delta
  where id = :user_id and :note_delta <> 0
)
insert into notes.notes
  (id, user_id, content, archived, voice_url, voice_duration_seconds, transcription_status,
   converted_at, created_at, updated_at)
select n.id, d.user_id, n.content, n.archived, n.voice_url, n.voice_duration_seconds,
       n.transcription_status, n.converted_at, n.created_at, n.updated_at
from tasks.deletion_tombstones d
cross join lateral jsonb_populate_record(null::notes.notes, d.snapshot -> 'note') n
where d.user_id = :user_id and d.id = :tombstone_id and d.entity_type = 'note'
