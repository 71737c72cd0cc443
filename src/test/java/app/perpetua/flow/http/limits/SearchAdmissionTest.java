package app.perpetua.flow.http.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.ConnectionQueue;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Uses searches that run until the test ends them. */
class SearchAdmissionTest {
  /** Limit of waits; reached only if something hangs. */
  private static final Duration LONG = Duration.ofSeconds(60);

  private static final Duration SHORT = Duration.ofMillis(20);

  private final UUID ann = UUID.randomUUID();
  private final UUID ben = UUID.randomUUID();
  private final UUID cem = UUID.randomUUID();

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<String> started = new ConcurrentLinkedQueue<>();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  /** A search in progress. */
  private final class Running {
    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);
    private final Future<String> answer;

    Running(SearchAdmission searches, UUID user, String name) {
      answer =
          threads.submit(
              () -> {
                try (Permit _ = searches.acquire(user)) {
                  started.add(name);
                  running.countDown();
                  await(end);
                  return name;
                }
              });
    }

    Running started() {
      await(running);
      return this;
    }

    String ended() throws Exception {
      end.countDown();
      return answer.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }

    Refusal refused() {
      ExecutionException refused =
          assertThrows(
              ExecutionException.class, () -> answer.get(LONG.toSeconds(), TimeUnit.SECONDS));
      return assertInstanceOf(Refusal.class, refused.getCause());
    }
  }

  @Test
  void a_second_search_of_a_user_waits_for_the_first() throws Exception {
    SearchAdmission searches = new SearchAdmission(LONG);
    Running first = new Running(searches, ann, "first").started();
    Running second = new Running(searches, ann, "second");
    Running other = new Running(searches, ben, "other").started();
    assertEquals(List.of("first", "other"), List.copyOf(started));
    assertEquals("first", first.ended());
    second.started();
    assertEquals("second", second.ended());
    assertEquals("other", other.ended());
  }

  @Test
  void a_second_search_of_a_user_is_rejected_if_the_first_takes_too_long() throws Exception {
    SearchAdmission searches = new SearchAdmission(SHORT);
    Running first = new Running(searches, ann, "first").started();
    assertRefused(new Running(searches, ann, "second").refused());
    assertEquals("other", new Running(searches, ben, "other").started().ended());
    assertEquals("first", first.ended());
    assertEquals("third", new Running(searches, ann, "third").started().ended());
  }

  @Test
  void the_search_of_a_third_user_waits_and_is_next() throws Exception {
    SearchAdmission searches = new SearchAdmission(LONG);
    Running first = new Running(searches, ann, "first").started();
    Running second = new Running(searches, ben, "second").started();
    Running third = new Running(searches, cem, "third");
    Eventually.within(LONG, () -> searches.waiting() == 1);
    Running fourth = new Running(searches, UUID.randomUUID(), "fourth");
    Eventually.within(LONG, () -> searches.waiting() == 2);
    assertEquals(2, started.size());
    assertEquals("first", first.ended());
    third.started();
    assertEquals("second", second.ended());
    fourth.started();
    assertEquals(List.of("first", "second", "third", "fourth"), List.copyOf(started));
    assertEquals("third", third.ended());
    assertEquals("fourth", fourth.ended());
  }

  @Test
  void the_search_of_a_third_user_is_rejected_if_neither_of_two_ends() throws Exception {
    SearchAdmission searches = new SearchAdmission(SHORT);
    Running first = new Running(searches, ann, "first").started();
    Running second = new Running(searches, ben, "second").started();
    assertRefused(new Running(searches, cem, "third").refused());
    assertEquals("first", first.ended());
    assertEquals("third", new Running(searches, cem, "third").started().ended());
    assertEquals("second", second.ended());
  }

  @Test
  void concurrent_searches_of_a_user_take_one_place_in_the_queue() throws Exception {
    SearchAdmission searches = new SearchAdmission(LONG);
    Running first = new Running(searches, ann, "first").started();
    Running second = new Running(searches, ben, "second").started();
    List<Running> many = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      many.add(new Running(searches, cem, "one of many"));
    }
    Eventually.within(LONG, () -> many.stream().anyMatch(one -> one.answer.isDone()));
    Running tooMany = many.stream().filter(one -> one.answer.isDone()).findFirst().orElseThrow();
    many.remove(tooMany);
    assertRefused(tooMany.refused());
    Eventually.within(LONG, () -> searches.waiting() == 1 && searches.present() == 7);
    Running last = new Running(searches, UUID.randomUUID(), "last");
    Eventually.within(LONG, () -> searches.waiting() == 2);
    assertEquals("first", first.ended());
    assertEquals("second", second.ended());
    last.started();
    Eventually.within(LONG, () -> started.size() == 4);
    assertEquals(Set.of("first", "second", "last", "one of many"), Set.copyOf(started));
    assertEquals("last", last.ended());
    // Any of them may be the running one, for which the others wait.
    many.forEach(one -> one.end.countDown());
    for (Running one : many) {
      assertEquals("one of many", one.ended());
    }
  }

  @Test
  void the_queue_is_bounded() throws Exception {
    SearchAdmission searches = new SearchAdmission(LONG);
    List<Running> all = new ArrayList<>();
    for (int i = 0; i < 128; i++) {
      all.add(new Running(searches, UUID.randomUUID(), "search " + i));
    }
    Eventually.within(LONG, () -> searches.present() == 128);
    assertRefused(new Running(searches, ann, "one too many").refused());
    for (Running one : all) {
      one.end.countDown();
    }
    for (Running one : all) {
      one.ended();
    }
    assertEquals(0, searches.present());
    assertEquals("now", new Running(searches, ann, "now").started().ended());
  }

  @Test
  void a_failed_search_releases_its_permit() throws Exception {
    SearchAdmission searches = new SearchAdmission(SHORT);
    for (int i = 0; i < 200; i++) {
      assertThrows(
          IllegalStateException.class,
          () -> {
            try (Permit _ = searches.acquire(ann)) {
              throw new IllegalStateException("on purpose");
            }
          });
    }
    assertEquals("fine", new Running(searches, ann, "fine").started().ended());
  }

  @Test
  void waiting_searches_do_not_take_capacity_from_other_requests() throws Exception {
    SearchAdmission line = new SearchAdmission(LONG);
    Admission admission = new Admission(line, new ConnectionQueue(2, LONG, System::nanoTime));
    Semaphore running = new Semaphore(0);
    List<Future<String>> searches = new ArrayList<>();
    CountDownLatch end = new CountDownLatch(1);
    for (UUID user : List.of(ann, ann, ann, ben, ben, cem, cem)) {
      searches.add(
          threads.submit(
              () -> {
                try (Permit _ = admission.search(user)) {
                  running.release();
                  await(end);
                  return "found";
                }
              }));
    }
    assertTrue(running.tryAcquire(2, LONG.toSeconds(), TimeUnit.SECONDS));
    Eventually.within(LONG, () -> line.present() == searches.size());
    // The maximum of requests per user, and in total during two searches.
    CountDownLatch inside = new CountDownLatch(62);
    CountDownLatch out = new CountDownLatch(1);
    List<Future<String>> others = new ArrayList<>();
    for (int i = 0; i < 62; i++) {
      UUID user = i < 20 ? ann : i < 40 ? ben : i < 60 ? cem : UUID.randomUUID();
      others.add(
          threads.submit(
              () -> {
                try (Permit _ = admission.read(user)) {
                  inside.countDown();
                  await(out);
                  return "read";
                }
              }));
    }
    await(inside);
    out.countDown();
    for (Future<String> other : others) {
      assertEquals("read", other.get(LONG.toSeconds(), TimeUnit.SECONDS));
    }
    end.countDown();
    for (Future<String> search : searches) {
      assertEquals("found", search.get(LONG.toSeconds(), TimeUnit.SECONDS));
    }
  }

  private static void assertRefused(Refusal refusal) {
    assertEquals(ErrorCode.RATE_LIMIT_EXCEEDED, refusal.code());
    assertEquals("1", String.valueOf(refusal.extras().get("retry_after")));
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(LONG.toSeconds(), TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
