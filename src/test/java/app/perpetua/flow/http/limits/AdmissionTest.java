package app.perpetua.flow.http.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.ConnectionQueue;
import app.perpetua.flow.sql.ConnectionQueue.Turn;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AdmissionTest {
  /** Limit of waits; reached only if something hangs. */
  private static final Duration LONG = Duration.ofSeconds(60);

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final UUID user = UUID.randomUUID();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  static Stream<Arguments> kinds() {
    return Stream.of(
        kind("read", Admission::read),
        kind("search", Admission::search),
        kind("write", Admission::write),
        kind(
            "request of no user",
            (admission, _) -> {
              admission.requireRoom();
              return () -> {};
            }));
  }

  private static Arguments kind(String name, BiFunction<Admission, UUID, Permit> kind) {
    return Arguments.of(name, kind);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void FR_128_a_refused_request_leaves_its_users_permits(
      String name, BiFunction<Admission, UUID, Permit> kind) throws Exception {
    AtomicLong nanos = new AtomicLong();
    ConnectionQueue queue = new ConnectionQueue(1, LONG, nanos::get);
    Admission admission = new Admission(queue);
    Turn held = queue.await();
    List<Future<?>> slow = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      slow.add(join(queue, () -> nanos.addAndGet(Duration.ofSeconds(1).toNanos())));
    }
    held.close();
    for (Future<?> one : slow) {
      one.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }
    held = queue.await();
    List<Future<?>> waiting = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      waiting.add(join(queue, () -> {}));
    }
    for (int i = 0; i < 30; i++) {
      Refusal refusal = assertThrows(Refusal.class, () -> kind.apply(admission, user));
      assertEquals(ErrorCode.SERVICE_UNAVAILABLE, refusal.code(), name);
    }
    held.close();
    for (Future<?> one : waiting) {
      one.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }
    for (int i = 0; i < 30; i++) {
      kind.apply(admission, user).close();
    }
  }

  @Test
  void FR_128_a_write_that_waits_for_its_users_others_is_not_in_the_queue() throws Exception {
    ConnectionQueue queue = new ConnectionQueue(1, LONG, System::nanoTime);
    Admission admission = new Admission(queue);
    Permit first = admission.write(user);
    CountDownLatch done = new CountDownLatch(1);
    Future<?> second =
        threads.submit(
            () -> {
              admission.write(user).close();
              done.countDown();
            });
    // Others come and go although a write of the user waits.
    for (int i = 0; i < 100; i++) {
      admission.write(UUID.randomUUID()).close();
      queue.requireRoom();
    }
    assertEquals(1, done.getCount());
    first.close();
    second.get(LONG.toSeconds(), TimeUnit.SECONDS);
    assertTrue(done.await(LONG.toSeconds(), TimeUnit.SECONDS));
  }

  private Future<?> join(ConnectionQueue queue, Runnable work) {
    int before = queue.waiting();
    Future<?> joined =
        threads.submit(
            () -> {
              try (Turn _ = queue.await()) {
                work.run();
              }
            });
    Eventually.within(LONG, () -> queue.waiting() == before + 1);
    return joined;
  }
}
