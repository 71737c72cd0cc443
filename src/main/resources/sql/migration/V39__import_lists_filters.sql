-- Imports of lists, labels and saved filters. docs/decisions/import.md

alter table tasks.imports
  -- of tasks of which the file names none; null for the inbox
  add column list_name text,
  add column lists_added   integer not null default 0,
  add column labels_added  integer not null default 0,
  add column filters_added integer not null default 0,
  add constraint imports_list_name_length check (char_length(list_name) between 1 and 100);

alter table tasks.import_lines
  drop constraint import_lines_entity_type_known,
  add constraint import_lines_entity_type_known
    check (entity_type in ('task', 'template', 'note', 'list', 'label', 'filter', 'other'));

alter table tasks.imported_entities
  drop constraint imported_entities_entity_type_known,
  add constraint imported_entities_entity_type_known
    check (entity_type in ('task', 'template', 'note', 'list', 'label', 'filter'));
