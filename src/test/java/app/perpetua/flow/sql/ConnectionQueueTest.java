package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.ConnectionQueue.Turn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionQueueTest {
  /** Limit of waits; reached only if something hangs. */
  private static final Duration LONG = Duration.ofSeconds(60);

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<Integer> served = new ConcurrentLinkedQueue<>();
  private final AtomicLong nanos = new AtomicLong();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void FR_128_turns_are_taken_in_the_order_of_arrival(int turns) throws Exception {
    ConnectionQueue queue = queue(turns, LONG);
    List<Turn> held = hold(queue);
    List<Future<?>> waiting = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      int number = i;
      waiting.add(
          threads.submit(
              () -> {
                Turn turn = queue.await();
                served.add(number);
                turn.close();
              }));
      Eventually.within(LONG, () -> queue.queued() == number + 1);
    }
    // One at a time, so that the order of the turns is the order of the records.
    held.removeLast().close();
    await(waiting);
    assertEquals(IntStream.range(0, 40).boxed().toList(), List.copyOf(served));
    held.forEach(Turn::close);
    assertEquals(turns, queue.free());
  }

  @Test
  void FR_128_who_has_just_had_a_turn_does_not_overtake_those_who_wait() throws Exception {
    ConnectionQueue queue = queue(1, LONG);
    Turn turn = queue.await();
    CountDownLatch end = new CountDownLatch(1);
    Future<?> first =
        threads.submit(
            () -> {
              try (Turn _ = queue.await()) {
                served.add(1);
                end.await();
              }
              return null;
            });
    Eventually.within(LONG, () -> queue.queued() == 1);
    turn.close();
    Future<?> again =
        threads.submit(
            () -> {
              try (Turn _ = queue.await()) {
                served.add(2);
              }
            });
    Eventually.within(LONG, () -> queue.queued() == 1 && served.size() == 1);
    end.countDown();
    first.get(LONG.toSeconds(), TimeUnit.SECONDS);
    again.get(LONG.toSeconds(), TimeUnit.SECONDS);
    assertEquals(List.of(1, 2), List.copyOf(served));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void FR_128_who_would_wait_for_too_long_is_refused_at_once(int turns) throws Exception {
    ConnectionQueue queue = queue(turns, LONG);
    pace(queue, Duration.ofMillis(10));
    List<Turn> held = hold(queue);
    List<Future<?>> waiting = join(queue, 20);
    queue.requireRoom();
    waiting.addAll(join(queue, 10));
    assertRefused(queue);
    // What has begun may join: a job, or the second transaction of a request.
    waiting.addAll(join(queue, 1));
    held.removeLast().close();
    await(waiting);
    queue.requireRoom();
    held.forEach(Turn::close);
    assertEquals(turns, queue.free());
  }

  @Test
  void when_the_database_is_slow_eight_for_each_turn_may_wait() throws Exception {
    ConnectionQueue queue = queue(2, LONG);
    pace(queue, Duration.ofSeconds(2));
    List<Turn> held = hold(queue);
    List<Future<?>> waiting = join(queue, 15);
    queue.requireRoom();
    waiting.addAll(join(queue, 1));
    assertRefused(queue);
    held.forEach(Turn::close);
    await(waiting);
  }

  @Test
  void the_queue_is_as_long_as_before_when_the_database_is_fast_again() throws Exception {
    ConnectionQueue queue = queue(2, LONG);
    pace(queue, Duration.ofSeconds(2));
    pace(queue, Duration.ofMillis(1));
    List<Turn> held = hold(queue);
    List<Future<?>> waiting = join(queue, 100);
    queue.requireRoom();
    held.forEach(Turn::close);
    await(waiting);
    assertEquals(2, queue.free());
  }

  @Test
  void a_pause_of_the_process_does_not_shorten_the_queue() throws Exception {
    ConnectionQueue queue = queue(2, LONG);
    pace(queue, Duration.ofMillis(1));
    advance(queue, 3, Duration.ofMillis(150));
    List<Turn> held = hold(queue);
    List<Future<?>> waiting = join(queue, 20);
    queue.requireRoom();
    held.forEach(Turn::close);
    await(waiting);
  }

  @Test
  void the_queue_is_bounded_before_its_pace_is_known() throws Exception {
    ConnectionQueue queue = queue(1, LONG);
    Turn held = queue.await();
    List<Future<?>> waiting = join(queue, ConnectionQueue.MAX_WAITING - 1);
    queue.requireRoom();
    waiting.addAll(join(queue, 1));
    assertRefused(queue);
    held.close();
    await(waiting);
    assertEquals(1, queue.free());
  }

  @Test
  void no_turn_is_lost_by_those_who_give_up() throws Exception {
    ConnectionQueue queue = queue(2, Duration.ofMillis(20));
    List<Turn> held = hold(queue);
    for (Future<?> late : submit(queue, 5)) {
      assertUnavailable(late);
    }
    assertEquals(0, queue.waiting());
    held.forEach(Turn::close);
    assertEquals(2, queue.free());

    ConnectionQueue patient = queue(2, LONG);
    held = hold(patient);
    List<Thread> interrupted = new ArrayList<>();
    List<Future<?>> waits = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      waits.add(
          threads.submit(
              () -> {
                synchronized (interrupted) {
                  interrupted.add(Thread.currentThread());
                }
                patient.await().close();
              }));
    }
    Eventually.within(LONG, () -> patient.waiting() == 5);
    interrupted.forEach(Thread::interrupt);
    for (Future<?> wait : waits) {
      assertUnavailable(wait);
    }
    assertEquals(0, patient.waiting());
    held.forEach(Turn::close);
    assertEquals(2, patient.free());
  }

  private ConnectionQueue queue(int turns, Duration timeout) {
    return new ConnectionQueue(turns, timeout, nanos::get);
  }

  private static List<Turn> hold(ConnectionQueue queue) {
    List<Turn> held = new ArrayList<>();
    while (queue.free() > 0) {
      held.add(queue.await());
    }
    return held;
  }

  /** Lets the queue advance at a pace for so long that it has learnt it. */
  private void pace(ConnectionQueue queue, Duration interval) throws Exception {
    advance(queue, 1_000, interval);
  }

  /** Lets a number of callers have their turns at an interval; each waits for those before. */
  private void advance(ConnectionQueue queue, int count, Duration interval) throws Exception {
    List<Turn> held = hold(queue);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(
          threads.submit(
              () -> {
                try (Turn _ = queue.await()) {
                  nanos.addAndGet(interval.toNanos());
                }
              }));
    }
    Eventually.within(LONG, () -> queue.queued() == count);
    held.removeLast().close();
    await(all);
    held.forEach(Turn::close);
  }

  private static void await(List<Future<?>> all) throws Exception {
    for (Future<?> one : all) {
      one.get(LONG.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private List<Future<?>> join(ConnectionQueue queue, int count) throws InterruptedException {
    int before = queue.queued();
    List<Future<?>> joined = submit(queue, count);
    Eventually.within(LONG, () -> queue.queued() == before + count);
    return joined;
  }

  private List<Future<?>> submit(ConnectionQueue queue, int count) {
    List<Future<?>> submitted = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      submitted.add(threads.submit(() -> queue.await().close()));
    }
    return submitted;
  }

  private static void assertRefused(ConnectionQueue queue) {
    Refusal refusal = assertThrows(Refusal.class, queue::requireRoom);
    assertEquals(ErrorCode.SERVICE_UNAVAILABLE, refusal.code());
    assertEquals("1", String.valueOf(refusal.extras().get("retry_after")));
  }

  private static void assertUnavailable(Future<?> wait) {
    ExecutionException failed =
        assertThrows(ExecutionException.class, () -> wait.get(LONG.toSeconds(), TimeUnit.SECONDS));
    DatabaseException cause = assertInstanceOf(DatabaseException.class, failed.getCause());
    assertEquals(DatabaseException.Kind.UNAVAILABLE, cause.kind());
  }
}
