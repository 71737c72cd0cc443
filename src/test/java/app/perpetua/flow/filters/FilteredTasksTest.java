package app.perpetua.flow.filters;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.PageRequest.Position;
import app.perpetua.flow.sql.SqlCatalog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FR-211: the tasks that the database finds are those that match by definition. */
class FilteredTasksTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final int TASKS = 120;
  private static final List<String> WORDS =
      List.of("rent", "Pay", "straße", "a_b", "50%", "back\\slash", "ÉCOLE", "zz", "call");
  private static final Map<String, Set<UUID>> LISTS = new TreeMap<>();
  private static final Map<String, Set<UUID>> LABELS = new TreeMap<>();
  private static final List<UUID> TEMPLATES =
      List.of(new UUID(0x7000, 0x8000000000000001L), new UUID(0x7000, 0x8000000000000002L));

  /** What follows the clauses in a statement: the conditions up to the end of the subquery. */
  private static final Pattern CONDITIONS =
      Pattern.compile("(?s)select\\s+from clauses c\\s+where (.*? else true end\\))");

  private static UUID user;
  private static UUID archivedList;
  private static List<SampleTask> tasks;
  private static final MutableClock CLOCK = new MutableClock();

  private static final FilteredTasks SMALL_STEPS =
      new FilteredTasks(new Json(), new FilteredTasks.Bounds(25, 60, 20));

  @BeforeAll
  static void load() {
    user = database.newUser().save();
    UUID other = database.newUser().save();
    Random random = new Random(5);
    archivedList = list(user, "Old", true);
    LISTS.put("old", Set.of(archivedList));
    LISTS.put("home", Set.of(list(user, "Home", false), list(user, "HOME", false)));
    LISTS.put("work at", Set.of(list(user, "Work at", false)));
    for (String name : List.of("Bills", "to call", "Straße")) {
      LABELS.put(name.toLowerCase(Locale.ROOT), Set.of(label(user, name)));
    }
    UUID othersLabel = label(other, "Bills");
    list(other, "Home", false);
    tasks = IntStream.range(0, TASKS).mapToObj(n -> task(random, n, LABELS)).toList();
    SampleTask.insert(database, user, tasks);
    SampleTask.insert(
        database,
        other,
        IntStream.range(0, 40)
            .mapToObj(
                n -> {
                  SampleTask task = task(random, n, Map.of("bills", Set.of(othersLabel)));
                  return new SampleTask(
                      task.id(),
                      task.text(),
                      task.priority(),
                      task.due(),
                      task.startOn(),
                      new SampleTask.States(task.states().completed(), false, false, null),
                      task.counts(),
                      null,
                      task.labelIds(),
                      task.times());
                })
            .toList());
  }

  private static UUID list(UUID owner, String name, boolean archived) {
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into tasks.lists (user_id, id, name, position, archived, created_at, updated_at)
        values (?, ?, ?, 'V', ?, '2026-01-01Z', '2026-01-01Z')
        """,
        owner,
        id,
        name,
        archived);
    return id;
  }

  private static UUID label(UUID owner, String name) {
    UUID id = UUID.randomUUID();
    database.run(
        """
        insert into tasks.labels (user_id, id, name, colour, created_at, updated_at)
        values (?, ?, ?, '#808080', '2026-01-01Z', '2026-01-01Z')
        """,
        owner,
        id,
        name);
    return id;
  }

  private static <T> T any(Random random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  /** Times lie around the clock changes and the day that Samoa left out. */
  private static Instant time(Random random) {
    return any(
            random,
            List.of(
                Instant.parse("2026-03-08T10:00:00Z"),
                Instant.parse("2026-04-04T15:00:00Z"),
                Instant.parse("2011-12-30T10:00:00Z"),
                Instant.parse("2026-03-01T00:00:00Z")))
        .plus(Duration.ofMinutes(30L * (random.nextInt(400) - 200)))
        .minusMillis(random.nextInt(2));
  }

  private static SampleTask task(Random random, int n, Map<String, Set<UUID>> labels) {
    Instant due = random.nextInt(3) == 0 ? null : time(random);
    boolean completed = random.nextInt(3) == 0;
    Set<UUID> some = new HashSet<>();
    labels.values().stream().filter(_ -> random.nextInt(4) == 0).forEach(some::addAll);
    return new SampleTask(
        new UUID(random.nextLong(), random.nextLong()),
        new SampleTask.Text(
            any(random, WORDS) + " " + n, random.nextBoolean() ? any(random, WORDS) : ""),
        any(random, List.of("low", "medium", "high")),
        new SampleTask.Due(
            due,
            due != null && random.nextInt(3) == 0
                ? LocalDate.ofInstant(due, ZoneId.of("UTC"))
                : null),
        random.nextInt(3) > 0 ? null : LocalDate.of(2026, 3, 1).plusDays(random.nextInt(20)),
        new SampleTask.States(
            completed,
            random.nextInt(6) == 0,
            random.nextInt(6) == 0,
            random.nextInt(3) == 0 ? any(random, TEMPLATES) : null),
        new SampleTask.Counts(
            random.nextInt(3) == 0 ? null : 1 + random.nextInt(90), random.nextInt(4)),
        random.nextBoolean()
            ? null
            : any(random, LISTS.values().stream().flatMap(Set::stream).sorted().toList()),
        some,
        new SampleTask.Times(time(random), time(random), completed ? time(random) : null));
  }

  /** Random filters as texts. */
  private record Generator(Random random) {
    String filter(int depth) {
      int kind = random.nextInt(depth == 0 ? 1 : 6);
      return switch (kind) {
        case 1 -> "not (" + filter(depth - 1) + ")";
        case 2, 3 -> "(" + filter(depth - 1) + ") and " + filter(depth - 1);
        case 4 -> "(" + filter(depth - 1) + " or " + filter(depth - 1) + ")";
        default -> condition();
      };
    }

    private String of(String... values) {
      return values[random.nextInt(values.length)];
    }

    private String comparator() {
      return " " + of("=", "!=", "<", "<=", ">", ">=") + " ";
    }

    private String condition() {
      return switch (random.nextInt(14)) {
        case 0 ->
            of("completed", "completed = false", "overdue", "not overdue", "all_day", "recurring");
        case 1 -> of("hidden", "archived", "hidden = false", "archived != false");
        case 2 -> "priority" + comparator() + of("low", "medium", "high");
        case 3 -> "priority " + of("in", "not in") + " [low, " + of("medium", "high") + "]";
        case 4, 5, 6 ->
            of("due", "due", "start", "created", "updated", "completed_at")
                + comparator()
                + moment();
        case 7 ->
            of("due", "start", "completed_at", "estimate", "template") + of(" = ", " != ") + "none";
        case 8 -> "estimate" + comparator() + random.nextInt(90);
        case 9 -> "subtasks" + comparator() + random.nextInt(4);
        case 10 ->
            "list "
                + of("=", "!=")
                + " "
                + of("inbox", "home", "\"Work at\"", "Old", archivedList.toString());
        case 11 -> "label " + of("=", "!=") + " " + of("none", "bills", "\"To Call\"", "straße");
        case 12 ->
            "label "
                + of("in", "not in")
                + " ["
                + of("none", "bills")
                + ", "
                + of("\"to call\"", "straße")
                + "]";
        default ->
            of("text", "title")
                + " ~ \""
                + of(
                    "RENT",
                    "pay",
                    "STRASSE",
                    "a_b",
                    "50%",
                    "back\\\\slash",
                    "école",
                    "z",
                    "1",
                    "call 1")
                + "\"";
      };
    }

    private String moment() {
      return switch (random.nextInt(4)) {
        case 0 ->
            of(
                "today",
                "tomorrow",
                "yesterday",
                "today + " + random.nextInt(9) + "d",
                "today - 1w",
                "today + 1m");
        case 1 -> of("now", "now - 36h", "now + 2d", "now - 1m");
        case 2 ->
            of("2026-03-08", "2026-04-05", "2026-04-04", "2011-12-30", "2011-12-31", "2026-03-05");
        default -> time(random).toString();
      };
    }
  }

  @Test
  void random_filters_find_what_they_say() {
    List<String> zones =
        List.of(
            "UTC",
            "Pacific/Apia",
            "Australia/Lord_Howe",
            "Pacific/Auckland",
            "America/Los_Angeles");
    Db db = new Db(database.pool(2), SqlCatalog.load(), CLOCK, Duration.ofMinutes(1), _ -> false);
    Generator generator = new Generator(new Random(1919));
    int tooComplex = 0;
    int some = 0;
    for (String zone : zones) {
      database.run("update auth.users set timezone = ? where id = ?", zone, user);
      CLOCK.set(
          zone.equals("Pacific/Apia")
              ? Instant.parse("2011-12-30T09:30:00Z")
              : Instant.parse("2026-04-04T15:10:00Z"));
      FilterOracle oracle = oracle(zone);
      List<Filter> filters =
          IntStream.range(0, 10_000 / zones.size())
              .mapToObj(i -> parsed(generator.filter(1 + i % 3)))
              .toList();
      List<Optional<Selection>> selections = selections(db, filters);
      Map<Integer, Set<UUID>> found = found(selections);
      for (int i = 0; i < filters.size(); i++) {
        if (selections.get(i).isEmpty()) {
          tooComplex++;
          continue;
        }
        String text = zone + ": " + filters.get(i).text();
        Set<UUID> expected = expected(oracle, filters.get(i));
        assertEquals(expected, found.getOrDefault(i, Set.of()), text);
        some += expected.isEmpty() ? 0 : 1;
        if (i % 20 == 0) {
          List<UUID> pages = pages(db, selections.get(i).orElseThrow(), i % 40 == 0);
          assertEquals(expected, Set.copyOf(pages), text);
          assertEquals(expected.size(), pages.size(), () -> "repeated: " + text);
        }
      }
    }
    assertTrue(some > 5_000, "filters that find tasks: " + some);
    assertTrue(tooComplex < 100, "filters that are too complex: " + tooComplex);
  }

  private static Filter parsed(String text) {
    try {
      return Filter.parse(text);
    } catch (FilterException e) {
      throw new AssertionError(e.message() + " at " + e.position() + " in " + text, e);
    }
  }

  private static FilterOracle oracle(String zone) {
    return new FilterOracle(ZoneId.of(zone), CLOCK.instant(), LISTS, LABELS, Set.of(archivedList));
  }

  private static Set<UUID> expected(FilterOracle oracle, Filter filter) {
    Set<UUID> expected = new HashSet<>();
    tasks.stream()
        .filter(task -> oracle.matches(filter.expression(), task))
        .forEach(task -> expected.add(task.id()));
    return expected;
  }

  /** Empty for a filter that is too complex. */
  private static List<Optional<Selection>> selections(Db db, List<Filter> filters) {
    return db.read(
        Actor.user(user, "test"),
        tx ->
            filters.stream()
                .map(
                    filter -> {
                      try {
                        return Optional.of(SMALL_STEPS.select(tx, filter, true));
                      } catch (FilterException e) {
                        return Optional.<Selection>empty();
                      }
                    })
                .toList());
  }

  /**
   * The tasks of each selection, by its index, found by the conditions of {@code
   * filters.select_matching} in one statement: a round trip for each takes too long.
   */
  private static Map<Integer, Set<UUID>> found(List<Optional<Selection>> selections) {
    List<Map<String, Object>> clauses =
        IntStream.range(0, selections.size())
            .boxed()
            .flatMap(
                n ->
                    selections.get(n).map(Selection::clauses).orElse(List.of()).stream()
                        .map(
                            clause -> {
                              Map<String, Object> row = new HashMap<>(ClauseRow.of(clause));
                              row.put("selection", n);
                              return row;
                            }))
            .toList();
    String select =
        SqlCatalog.load().all().stream()
            .filter(statement -> statement.name().equals("filters.select_matching"))
            .map(statement -> statement.sql().replace(":clauses::", "?::"))
            .findFirst()
            .orElseThrow();
    String sql =
        select
                .substring(0, select.indexOf("select t.id"))
                .replaceFirst("select ", "select selection, ")
                .replaceFirst("as c \\(", "as c (selection int, ")
            + "select distinct c.selection, t.id from tasks.task_instances t, clauses c where t.user_id = ? and "
            + CONDITIONS.matcher(select).results().findFirst().orElseThrow().group(1);
    Map<Integer, Set<UUID>> found = new HashMap<>();
    database
        .rows(sql, new Json().text(clauses), user)
        .forEach(
            row ->
                found
                    .computeIfAbsent((Integer) row.get("selection"), _ -> new HashSet<>())
                    .add((UUID) row.get("id")));
    return found;
  }

  @Test
  void every_statement_has_the_same_conditions() {
    Map<String, String> conditions = new TreeMap<>();
    SqlCatalog.load().all().stream()
        .filter(statement -> statement.name().startsWith("filters."))
        .filter(statement -> statement.parameters().contains("clauses"))
        .forEach(
            statement ->
                conditions.put(
                    statement.name(),
                    CONDITIONS
                        .matcher(statement.sql().replaceAll("\\s+", " "))
                        .results()
                        .findFirst()
                        .orElseThrow()
                        .group(1)));
    assertEquals(5, conditions.size(), conditions::toString);
    assertEquals(1, Set.copyOf(conditions.values()).size(), conditions::toString);
  }

  /** All pages. */
  private static List<UUID> pages(Db db, Selection selection, boolean descending) {
    return db.read(
        Actor.user(user, "test"),
        tx -> {
          List<Position> found = new ArrayList<>();
          Position after = null;
          do {
            FilteredTasks.Found page =
                SMALL_STEPS.page(
                    tx, selection, new FilteredTasks.Order("created_at", descending), after, 70);
            found.addAll(page.tasks());
            after = page.next();
          } while (after != null);
          return found.stream().map(Position::id).toList();
        });
  }

  /**
   * FR-210: filters that other task managers document, on Thursday 2026-03-05, 09:00 in Auckland.
   */
  @Test
  void filters_of_peers_find_the_same() throws Exception {
    UUID owner = database.newUser().save();
    database.run("update auth.users set timezone = 'Pacific/Auckland' where id = ?", owner);
    Instant now = Instant.parse("2026-03-04T20:00:00Z");
    UUID work = list(owner, "Work", false);
    UUID home = list(owner, "Home", false);
    UUID waiting = label(owner, "waiting");
    UUID errand = label(owner, "errand");
    UUID template = UUID.randomUUID();
    Instant old = now.minus(Duration.ofDays(30));
    List<SampleTask> known =
        List.of(
            known(
                "work-today",
                "high",
                now.plusSeconds(7_200),
                work,
                Set.of(),
                90,
                now.minusSeconds(60)),
            known(
                "work-overdue", "medium", now.minus(Duration.ofDays(2)), work, Set.of(), null, old),
            onDay("all-day", LocalDate.of(2026, 3, 5), old),
            known(
                "waiting",
                "medium",
                now.plus(Duration.ofDays(1)),
                home,
                Set.of(waiting),
                null,
                old),
            known("inbox", "low", null, null, Set.of(), null, old),
            known("rent", "low", null, null, Set.of(), null, now.minus(Duration.ofHours(20))),
            known("errand", "low", null, home, Set.of(errand, waiting), 10, old),
            later(template, home, now));
    SampleTask done = known("done", "high", now, work, Set.of(), 5, old);
    List<SampleTask> all = new ArrayList<>(known);
    all.add(
        new SampleTask(
            done.id(),
            done.text(),
            done.priority(),
            done.due(),
            null,
            new SampleTask.States(true, false, false, null),
            done.counts(),
            work,
            Set.of(),
            new SampleTask.Times(old, old, now.minusSeconds(600))));
    SampleTask.insert(database, owner, all);
    MutableClock clock = new MutableClock();
    clock.set(now);
    Db db = new Db(database.pool(2), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);
    FilteredTasks filtered = new FilteredTasks(new Json());
    int filters = 0;
    for (String line : Files.readAllLines(Path.of("src/test/resources/filters/peers.tsv"))) {
      if (line.startsWith("#")) {
        continue;
      }
      String[] columns = line.split("\t", -1);
      Filter filter = parsed(columns[2]);
      Set<String> found =
          db.read(
              Actor.user(owner, "test"),
              tx -> {
                try {
                  Selection selection = filtered.select(tx, filter, true);
                  FilteredTasks.Order order = new FilteredTasks.Order("created_at", true);
                  return filtered.page(tx, selection, order, null, 20).tasks().stream()
                      .flatMap(task -> all.stream().filter(a -> a.id().equals(task.id())))
                      .map(task -> task.text().title().split(" ", -1)[0])
                      .collect(Collectors.toCollection(TreeSet::new));
                } catch (FilterException e) {
                  throw new AssertionError(line, e);
                }
              });
      assertEquals(new TreeSet<>(Set.of(columns[3].split(",", -1))), found, line);
      filters++;
    }
    assertTrue(filters >= 30, "filters: " + filters);
  }

  private static SampleTask known(
      String name,
      String priority,
      @Nullable Instant due,
      @Nullable UUID list,
      Set<UUID> labels,
      @Nullable Integer estimate,
      Instant created) {
    String text = name.equals("rent") ? " Pay the bill" : name.equals("errand") ? " buy MILK" : "";
    return new SampleTask(
        UUID.randomUUID(),
        new SampleTask.Text(name + text, ""),
        priority,
        new SampleTask.Due(due, null),
        null,
        new SampleTask.States(false, false, false, null),
        new SampleTask.Counts(estimate, 0),
        list,
        labels,
        new SampleTask.Times(
            created, name.equals("rent") ? created.minusSeconds(86_400) : created, null));
  }

  /** Due at the end of a day in Auckland, where it is summer. */
  private static SampleTask onDay(String name, LocalDate day, Instant created) {
    SampleTask task = known(name, "medium", null, null, Set.of(), null, created);
    Instant end =
        day.plusDays(1).atStartOfDay(ZoneId.of("Pacific/Auckland")).toInstant().minusMillis(1);
    return new SampleTask(
        task.id(),
        task.text(),
        task.priority(),
        new SampleTask.Due(end, day),
        null,
        task.states(),
        task.counts(),
        null,
        Set.of(),
        task.times());
  }

  private static SampleTask later(UUID template, UUID list, Instant now) {
    SampleTask task =
        known(
            "later",
            "low",
            now.plus(Duration.ofDays(60)),
            list,
            Set.of(),
            null,
            now.minus(Duration.ofDays(400)));
    return new SampleTask(
        task.id(),
        task.text(),
        task.priority(),
        task.due(),
        LocalDate.of(2026, 4, 1),
        new SampleTask.States(false, false, false, template),
        task.counts(),
        list,
        Set.of(),
        task.times());
  }

  /** FR-212: an unknown name is an error with its position, unless the filter was stored. */
  @Test
  void unknown_names_and_complex_filters_are_refused() {
    Db db = new Db(database.pool(2), SqlCatalog.load(), CLOCK, Duration.ofMinutes(1), _ -> false);
    assertRefused(db, "hidden or list = Nowhere", 17, "expected the name of a list that exists");
    assertRefused(db, "label in [bills, nothing]", 17, "expected the name of a label that exists");
    String six = "(text ~ f or text ~ a or text ~ b or text ~ c or text ~ d or text ~ e)";
    assertRefused(
        db,
        six + " and " + six.replace("text", "title"),
        0,
        "expected a simpler filter: with fewer alternatives ('or', lists of values) in 'and'");
  }

  /** Neither a condition on a name that is gone nor its negation shows more than was meant. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "list = Nowhere or label = nothing",
        "list != Nowhere",
        "not (list = Nowhere or label = bills)",
        "list not in [inbox, Nowhere]",
        "completed = false and label != nothing"
      })
  void a_condition_on_an_unknown_name_matches_no_task(String text) {
    Db db = new Db(database.pool(2), SqlCatalog.load(), CLOCK, Duration.ofMinutes(1), _ -> false);
    Set<UUID> found =
        db.read(
            Actor.user(user, "test"),
            tx -> {
              try {
                Selection selection = SMALL_STEPS.select(tx, parsed(text), false);
                return SMALL_STEPS.matching(
                    tx, selection, tasks.stream().map(SampleTask::id).toList());
              } catch (FilterException e) {
                throw new AssertionError(e);
              }
            });
    assertEquals(Set.of(), found);
  }

  private static void assertRefused(Db db, String text, int position, String message) {
    FilterException refused =
        db.read(
            Actor.user(user, "test"),
            tx ->
                assertThrows(
                    FilterException.class, () -> SMALL_STEPS.select(tx, parsed(text), true)));
    assertEquals(message, refused.message());
    assertEquals(position, refused.position());
  }
}
