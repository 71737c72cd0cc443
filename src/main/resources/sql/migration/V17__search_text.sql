-- Searches compare words with this form of a text: compatibility normalization (NFKC), full case folding by upper case of lower
-- case, which makes equal ß, ẞ and SS, the sigmas, İ, I, ı and i, and without characters that are not shown. ASCII needs none of
-- that. Requires the encoding UTF-8 and, as every package of PostgreSQL has it, ICU. docs/decisions/searches.md
create schema if not exists search;

create function search.folded(text) returns text
  immutable strict parallel safe language sql
  return case when octet_length($1) = char_length($1)
    then upper($1 collate "C") collate "default"
    else normalize(
      translate(
        upper(lower(normalize($1, nfkc) collate "und-x-icu") collate "und-x-icu"),
        U&'\0307\00AD\034F\061C\180E\200B\200C\200D\200E\200F\202A\202B\202C\202D\202E\2060\2061\2062\2063\2064\2066\2067\2068\2069\FE0E\FE0F\FEFF',
        ''),
      nfkc) collate "default"
  end;

-- Computed once per change, not once per search. Rewrites both tables, about a second per 4,000 texts of 900 characters.
alter table tasks.task_instances add column search_text text not null
  generated always as (search.folded(title || E'\n' || description)) stored;
alter table notes.notes add column search_text text not null
  generated always as (search.folded(content)) stored;

-- Names of the JDK that the IANA database gave up; these zones have the same rules today.
create temporary table renamed_zones (old text primary key, new text not null) on commit drop;
insert into renamed_zones values
  ('SystemV/AST4', 'America/Puerto_Rico'), ('SystemV/AST4ADT', 'America/Halifax'), ('SystemV/EST5', 'America/Panama'),
  ('SystemV/EST5EDT', 'America/New_York'), ('SystemV/CST6', 'America/Regina'), ('SystemV/CST6CDT', 'America/Chicago'),
  ('SystemV/MST7', 'America/Phoenix'), ('SystemV/MST7MDT', 'America/Denver'), ('SystemV/PST8', 'Pacific/Pitcairn'),
  ('SystemV/PST8PDT', 'America/Los_Angeles'), ('SystemV/YST9', 'Pacific/Gambier'), ('SystemV/YST9YDT', 'America/Anchorage'),
  ('SystemV/HST10', 'Pacific/Honolulu');
update auth.users u set timezone = z.new from renamed_zones z where u.timezone = z.old;
update tasks.task_templates t set timezone = z.new from renamed_zones z where t.timezone = z.old;
