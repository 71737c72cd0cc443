package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Users who search without a pause, and what the others notice. */
class SearchLoadTest {
  private static final int SEARCHERS = 6;
  private static final int TASKS_EACH = 3_000;

  /** At once, of one searcher. */
  private static final int SEARCHES = 4;

  private static final int ROUNDS = 20;

  /** A statement that searches for the mark of a user. */
  private static final Pattern SEARCH =
      Pattern.compile("list_(?:tasks|notes).*mark(\\d)", Pattern.DOTALL);

  /** Long enough for searches to meet if they may. */
  private static final Duration DISTANCE = Duration.ofMillis(20);

  /** Searches that the database has not answered yet: the connection, and whose it is. */
  private static final Map<Integer, String> UNANSWERED = new ConcurrentHashMap<>();

  private static final AtomicInteger MOST = new AtomicInteger();
  private static final AtomicInteger MOST_OF_USER = new AtomicInteger();

  private static final List<Tap> TAPS = new ArrayList<>();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .through(
              address -> {
                try {
                  TAPS.add(new Tap(address, SearchLoadTest::note));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
                return TAPS.getLast().port();
              });

  private static boolean note(int connection, Tap.Direction direction, byte[] message) {
    if (direction == Tap.Direction.TO_CLIENT) {
      UNANSWERED.remove(connection);
      return true;
    }
    Matcher search = SEARCH.matcher(new String(message, StandardCharsets.ISO_8859_1));
    if (search.find()) {
      UNANSWERED.put(connection, search.group(1));
      List<String> now = List.copyOf(UNANSWERED.values());
      MOST.accumulateAndGet(now.size(), Math::max);
      MOST_OF_USER.accumulateAndGet(
          (int) now.stream().filter(search.group(1)::equals).count(), Math::max);
      LockSupport.parkNanos(DISTANCE.toNanos());
    }
    return true;
  }

  @AfterAll
  static void untap() throws IOException {
    for (Tap tap : TAPS) {
      tap.close();
    }
  }

  @Test
  void the_database_sees_one_search_of_a_user_and_two_of_all() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Void>> searching = new ArrayList<>();
      for (int i = 0; i < SEARCHERS; i++) {
        Api api = service.newUser().api();
        for (int j = 0; j < SEARCHES; j++) {
          String target = "/api/v1/" + (j % 2 == 0 ? "tasks" : "notes") + "?q=mark" + i;
          searching.add(
              threads.submit(
                  () -> {
                    for (int k = 0; k < ROUNDS / 4; k++) {
                      foundOrRefused(api.get(target));
                    }
                    return null;
                  }));
        }
      }
      for (Future<Void> search : searching) {
        search.get();
      }
    }
    assertEquals(1, MOST_OF_USER.get());
    assertTrue(MOST.get() <= 2, "at once: " + MOST);
  }

  @Test
  void searches_without_a_pause_leave_the_database_to_other_users() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Map<Integer, AtomicInteger> searches = new ConcurrentHashMap<>();
    Map<Integer, Integer> others = new TreeMap<>();
    List<Duration> took = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Void>> searching = new ArrayList<>();
      for (int i = 0; i < SEARCHERS; i++) {
        TestService.Session searcher = service.newUser();
        completedTasks(searcher);
        for (int j = 0; j < SEARCHES; j++) {
          searching.add(
              threads.submit(
                  () -> {
                    while (!over.get()) {
                      Api.Answer answer = searcher.api().get("/api/v1/tasks?q=" + words());
                      foundOrRefused(answer);
                      searches
                          .computeIfAbsent(answer.status(), _ -> new AtomicInteger())
                          .incrementAndGet();
                    }
                    return null;
                  }));
        }
      }
      try {
        Api other = service.newUser().api();
        String task =
            "/api/v1/tasks/"
                + other
                    .post("/api/v1/tasks", Map.of("title", "mine"))
                    .expect(201)
                    .data()
                    .get("id")
                    .stringValue();
        for (int i = 0; i < 3 * ROUNDS; i++) {
          long start = System.nanoTime();
          Api.Answer answer =
              switch (i % 3) {
                case 0 -> other.get("/api/v1/tasks?limit=25");
                case 1 -> other.get(task);
                default -> other.patch(task, Map.of("version", i / 3 + 1, "title", "mine " + i));
              };
          took.add(Duration.ofNanos(System.nanoTime() - start));
          others.merge(answer.status(), 1, Integer::sum);
        }
      } finally {
        over.set(true);
      }
      for (Future<Void> search : searching) {
        search.get();
      }
    }
    took.sort(null);
    System.out.printf(
        "searches %s, others %s, others' p50 %d ms, p95 %d ms%n",
        searches,
        others,
        took.get(took.size() / 2).toMillis(),
        took.get(took.size() * 95 / 100).toMillis());
    assertEquals(Map.of(200, 3 * ROUNDS), others);
    assertTrue(searches.containsKey(200), "some were found");
  }

  private static void foundOrRefused(Api.Answer answer) {
    if (answer.status() == 429) {
      answer.expect(429, "RATE_LIMIT_EXCEEDED");
      assertEquals("1", answer.header("Retry-After").orElseThrow());
    } else {
      answer.expect(200);
    }
  }

  /** Each of them occurs, but the last, so that all are looked for. */
  private static String words() {
    return "whatever%20there%20is%20to%20say%20tap%20absent";
  }

  private static void completedTasks(TestService.Session user) {
    Timestamp now = Timestamp.from(service.clock().instant());
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, description, priority, completed, completed_at, completed_by,
           created_at, updated_at)
        select gen_random_uuid(), ?, 'Task ' || n || ', the tap in the kitchen',
               repeat('Ask the landlord whatever there is to say. ', 21), 'low', true, ?, 'manual',
               ?, ?
        from generate_series(1, ?) n
        """,
        user.userId(),
        now,
        now,
        now,
        TASKS_EACH);
  }
}
