package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Tap;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
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
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Concurrent searches, and their effect on other users. */
class SearchLoadTest {
  private static final int SEARCHERS = 6;
  private static final int TASKS_EACH = 3_000;

  /** Concurrent searches per user. */
  private static final int SEARCHES = 4;

  private static final int ROUNDS = 20;

  /** A search statement; each user searches for a word of their own. */
  private static final Pattern SEARCH =
      Pattern.compile("(?:search_descending|list_notes).*mark(\\d)", Pattern.DOTALL);

  /** Delay of each search, so that concurrent searches overlap. */
  private static final Duration DISTANCE = Duration.ofMillis(20);

  /** Searches in progress: connection to user. */
  private static final Map<Integer, String> IN_PROGRESS = new ConcurrentHashMap<>();

  private static final AtomicInteger MAX = new AtomicInteger();
  private static final AtomicInteger MAX_OF_USER = new AtomicInteger();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).observedBy(SearchLoadTest::observe);

  private static boolean observe(int connection, Tap.Direction direction, byte[] message) {
    if (direction == Tap.Direction.TO_CLIENT) {
      IN_PROGRESS.remove(connection);
      return true;
    }
    Matcher search = SEARCH.matcher(new String(message, StandardCharsets.ISO_8859_1));
    if (search.find()) {
      IN_PROGRESS.put(connection, search.group(1));
      List<String> now = List.copyOf(IN_PROGRESS.values());
      MAX.accumulateAndGet(now.size(), Math::max);
      MAX_OF_USER.accumulateAndGet(
          (int) now.stream().filter(search.group(1)::equals).count(), Math::max);
      LockSupport.parkNanos(DISTANCE.toNanos());
    }
    return true;
  }

  @Test
  void at_most_one_search_per_user_and_two_in_total_run_at_once() throws Exception {
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
                      expectFoundOrRejected(api.get(target));
                    }
                    return null;
                  }));
        }
      }
      for (Future<Void> search : searching) {
        search.get();
      }
    }
    assertEquals(1, MAX_OF_USER.get());
    assertTrue(MAX.get() <= 2, "concurrent searches: " + MAX);
  }

  @Test
  void continuous_searches_do_not_block_other_users() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Map<Integer, AtomicInteger> searches = new ConcurrentHashMap<>();
    Map<Integer, Integer> others = new TreeMap<>();
    List<Duration> took = new ArrayList<>();
    List<TestService.Session> searchers = new ArrayList<>();
    for (int i = 0; i < SEARCHERS; i++) {
      searchers.add(service.newUser());
      completedTasks(searchers.getLast());
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Void>> searching = new ArrayList<>();
      for (TestService.Session searcher : searchers) {
        for (int j = 0; j < SEARCHES; j++) {
          searching.add(
              threads.submit(
                  () -> {
                    while (!over.get()) {
                      Api.Answer answer = searcher.api().get("/api/v1/tasks?q=" + words());
                      expectFoundOrRejected(answer);
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
        String task = "/api/v1/tasks/" + other.createTask("a task");
        for (int i = 0; i < 3 * ROUNDS; i++) {
          long start = System.nanoTime();
          Api.Answer answer =
              switch (i % 3) {
                case 0 -> other.get("/api/v1/tasks?limit=25");
                case 1 -> other.get(task);
                default -> other.patch(task, Map.of("version", i / 3 + 1, "title", "a task " + i));
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
    assertTrue(searches.containsKey(200), "no search succeeded");
  }

  private static void expectFoundOrRejected(Api.Answer answer) {
    if (answer.status() == 429) {
      answer.expect(429, "RATE_LIMIT_EXCEEDED");
      assertEquals("1", answer.header("Retry-After").orElseThrow());
    } else {
      answer.expect(200);
    }
  }

  /** All words but the last occur, so that every word is compared. */
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
