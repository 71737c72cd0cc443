package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What binds users to one database server, compared with the reviewed list in {@code
 * docs/scale.md}: what is new needs an entry there, and an entry that no longer applies is removed.
 */
class SeparableUsersTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Path PAGE = Path.of("docs/scale.md");
  private static final String HEADING = "## What remains, with sizes";
  private static final Pattern NAME = Pattern.compile("`([a-z_.0-9]+)`");

  /** How the number of rows grows; the page explains them. */
  private static final Set<String> SIZES = Set.of("fixed", "per user", "per use", "none");

  /** An update, also within a statement, up to the next statement of a common table expression. */
  private static final Pattern UPDATE_BY_CLOCK =
      Pattern.compile(
          "(?is)\\bupdate\\s+\\w+\\.\\w+(?:(?!\\b(?:returning|insert\\s+into|delete\\s+from)\\b).)*?"
              + "\\bclock_timestamp\\s*\\(");

  /** A comparison with other users' rows in a statement of one user. */
  private static final Pattern OTHER_OWNERS =
      Pattern.compile(
          "(?is)user_id\\s*(?:<>|!=)\\s*:user_id|\\(\\s*select\\s+from\\s+\\w+\\.\\w+\\s+where\\s+id"
              + "\\s*=\\s*:id\\s*\\)");

  /** The tables of the service; partitions are as their table. */
  private static final String TABLES =
      """
      with tables as (
        select c.oid, c.relnamespace::regnamespace || '.' || c.relname as name,
               c.relnamespace::regnamespace::text as schema, c.relname as short
        from pg_class c
        where c.relkind in ('r', 'p') and not c.relispartition
          and c.relnamespace::regnamespace::text
              in ('auth', 'tasks', 'notes', 'billing', 'achievements', 'activity', 'ops')
      ),
      owner as (
        select t.oid, a.attnum, a.attnotnull
        from tables t
        join pg_attribute a on a.attrelid = t.oid and not a.attisdropped
         and a.attname = case when t.name = 'auth.users' then 'id' else 'user_id' end
      )
      """;

  /** What is compared, by the word in the first column of the page's table. */
  enum Kind {
    /** Tables in which a row may have no owner. */
    TABLE,

    /** Unique indexes, with those of primary keys, that do not contain the owner. */
    UNIQUE,

    /** Foreign keys that do not contain the owner, or refer to another column of the owner. */
    FOREIGN_KEY,

    /** Foreign keys that set columns to null. */
    SET_NULL,

    /** Constraints that are checked after a statement or later. */
    DEFERRABLE,

    /** Triggers, except those of foreign keys. */
    TRIGGER,

    /** Statements that update rows by the server's clock. */
    CLOCK,

    /** Statements of one user that look for rows of other users. */
    OTHER_OWNERS;

    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private String query() {
      return switch (this) {
        case TABLE ->
            """
        select t.name
        from tables t
        left join owner o on o.oid = t.oid
        where o.attnotnull is not true
        """;
        case UNIQUE ->
            """
        select t.schema || '.' || c.relname as name
        from tables t
        join pg_index i on i.indrelid = t.oid and i.indisunique
        join pg_class c on c.oid = i.indexrelid
        left join owner o on o.oid = t.oid
        where coalesce(o.attnum, 0) <> all (i.indkey::int2[]) or o.attnum is null
        """;
        case FOREIGN_KEY ->
            """
        select t.schema || '.' || f.conname as name
        from tables t
        join pg_constraint f on f.conrelid = t.oid and f.contype = 'f'
        left join owner o on o.oid = t.oid
        left join owner r on r.oid = f.confrelid
        where not exists (
          select from unnest(f.conkey, f.confkey) as pair (here, there)
          where pair.here = o.attnum and pair.there = r.attnum)
        """;
        case SET_NULL ->
            """
        select t.schema || '.' || f.conname as name
        from tables t
        join pg_constraint f on f.conrelid = t.oid and f.contype = 'f' and f.confdeltype in ('n', 'd')
        """;
        case DEFERRABLE ->
            """
        select t.schema || '.' || c.conname as name
        from tables t
        join pg_constraint c on c.conrelid = t.oid and c.condeferrable
        """;
        case TRIGGER ->
            """
        select t.schema || '.' || g.tgname as name
        from tables t
        join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
        """;
        case CLOCK, OTHER_OWNERS -> throw new IllegalStateException("not in the catalogue");
      };
    }

    /** The names that need an entry. */
    Set<String> present() {
      return switch (this) {
        case CLOCK -> matching(UPDATE_BY_CLOCK, false);
        case OTHER_OWNERS -> matching(SeparableUsersTest.OTHER_OWNERS, true);
        default ->
            database.rows(TABLES + query()).stream()
                .map(row -> String.valueOf(row.get("name")))
                .collect(Collectors.toCollection(TreeSet::new));
      };
    }
  }

  /**
   * A row of the page's table.
   *
   * @param size one of {@link #SIZES}
   */
  private record Entry(Kind kind, Set<String> names, String size, String reason) {}

  @ParameterizedTest
  @EnumSource
  void what_binds_users_to_one_server_is_on_the_reviewed_list(Kind kind) throws IOException {
    Set<String> listed = new TreeSet<>();
    for (Entry entry : entries()) {
      if (entry.kind() == kind) {
        entry.names().forEach(name -> assertTrue(listed.add(name), () -> "twice: " + name));
      }
    }
    Set<String> present = kind.present();
    assertEquals(Set.of(), without(present, listed), "without an entry in " + PAGE);
    assertEquals(Set.of(), without(listed, present), "entries that no longer apply");
  }

  @Test
  void every_entry_has_a_size_and_a_reason() throws IOException {
    List<Entry> entries = entries();
    assertTrue(entries.size() >= Kind.values().length, "the table was not read");
    for (Entry entry : entries) {
      assertTrue(SIZES.contains(entry.size()), () -> "unknown size: " + entry);
      assertTrue(entry.reason().length() > 20, () -> "no reason: " + entry);
    }
  }

  @Test
  void the_numbers_of_system_statements_are_those_of_the_page() throws IOException {
    Map<String, Long> counted =
        SqlCatalog.load().all().stream()
            .filter(SqlCatalog.Statement::system)
            .collect(
                Collectors.groupingBy(
                    statement ->
                        statement.scope().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    TreeMap::new,
                    Collectors.counting()));
    Map<String, Long> listed = new TreeMap<>();
    Matcher row =
        Pattern.compile("(?m)^\\| `(fan-out|queue|lookup)` \\| (\\d+) \\|")
            .matcher(Files.readString(PAGE));
    while (row.find()) {
      listed.put(row.group(1), Long.valueOf(row.group(2)));
    }
    assertEquals(counted, listed);
  }

  @ParameterizedTest
  @CsvSource({
    "UNIQUE, create unique index loose_key on tasks.task_instances (title), tasks.loose_key",
    "UNIQUE, create table tasks.loose (user_id uuid not null; id uuid primary key), tasks.loose_pkey",
    "FOREIGN_KEY, create table tasks.loose (user_id uuid not null; note uuid constraint loose_fkey references notes.notes (id)), tasks.loose_fkey",
    "FOREIGN_KEY, create table tasks.loose (user_id uuid not null; other uuid constraint loose_fkey references auth.users), tasks.loose_fkey",
    "SET_NULL, create table tasks.loose (user_id uuid constraint loose_fkey references auth.users on delete set null), tasks.loose_fkey",
    "TABLE, create table tasks.loose (user_id uuid), tasks.loose",
    "TABLE, create table tasks.loose (id uuid), tasks.loose",
    "DEFERRABLE, create table tasks.loose (user_id uuid not null constraint loose_fkey references auth.users deferrable), tasks.loose_fkey",
    "TRIGGER, create trigger loose after delete on notes.notes execute function tasks.subtract_shown(), notes.loose",
  })
  void what_is_added_to_the_schema_is_found(Kind kind, String ddl, String name) {
    Set<String> before = kind.present();
    try {
      database.run(ddl.replace(';', ','));
      Set<String> added = without(kind.present(), before);
      assertEquals(Set.of(name), added);
    } finally {
      database.run("drop table if exists tasks.loose");
      database.run("drop index if exists tasks.loose_key");
      database.run("drop trigger if exists loose on notes.notes");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, update a.b set c = clock_timestamp()",
    "true, with x as (update a.b set c = 1 where d <= (select clock_timestamp()) returning e) select e from x",
    "false, with x as (update a.b set c = 1 returning d) select clock_timestamp() as e",
    "false, select a from a.b where c > clock_timestamp()",
    "false, insert into a.b (c) values (clock_timestamp())",
  })
  void updates_by_the_clock_are_found(boolean expected, String sql) {
    assertEquals(expected, UPDATE_BY_CLOCK.matcher(sql).find());
  }

  @ParameterizedTest
  @CsvSource({
    "true, select exists (select from a.b where id = :id) as elsewhere",
    "true, select a from a.b where id = :id and user_id <> :user_id",
    "false, select exists (select from a.b where id = :id and user_id = :user_id) as known",
  })
  void looks_at_other_owners_are_found(boolean expected, String sql) {
    assertEquals(expected, OTHER_OWNERS.matcher(sql).find());
  }

  private static Set<String> matching(Pattern pattern, boolean ofOneUser) {
    return SqlCatalog.load().all().stream()
        .filter(statement -> !ofOneUser || !statement.system())
        .filter(statement -> pattern.matcher(statement.sql()).find())
        .map(SqlCatalog.Statement::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<Entry> entries() throws IOException {
    String page = Files.readString(PAGE);
    int start = page.indexOf(HEADING);
    assertTrue(start >= 0, PAGE + " has no section " + HEADING);
    int end = page.indexOf("\n## ", start + 1);
    String section = page.substring(start, end < 0 ? page.length() : end);
    List<Entry> entries = new ArrayList<>();
    for (String line : section.lines().toList()) {
      String[] cells = line.split("\\|", -1);
      for (Kind kind : Kind.values()) {
        if (cells.length == 6 && cells[1].strip().equals(kind.word())) {
          Set<String> names = new TreeSet<>();
          NAME.matcher(cells[2]).results().forEach(name -> names.add(name.group(1)));
          entries.add(new Entry(kind, names, cells[3].strip(), cells[4].strip()));
        }
      }
    }
    return entries;
  }

  private static Set<String> without(Set<String> names, Set<String> others) {
    Set<String> left = new TreeSet<>(names);
    left.removeAll(others);
    return left;
  }
}
