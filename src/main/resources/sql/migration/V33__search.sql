-- Ranked searches of tasks, subtasks and notes. docs/decisions/searches.md


-- Rewrites the table, about a second per 40,000 titles.
alter table tasks.subtasks add column search_text text not null
  generated always as (search.folded(title)) stored;

-- As the indexes of tasks and notes (V19), and optional for the same reasons. Completing and moving a subtask do not change its
-- text, so those updates write no index.
do $$
begin
  create index subtasks_text on tasks.subtasks using gin (user_id, search_text gin_trgm_ops) with (fastupdate = off);
exception
  when insufficient_privilege or undefined_file or feature_not_supported or undefined_object then
    raise warning 'no index of subtasks, whose searches will be slow for users with many: %', sqlerrm;
end
$$;
