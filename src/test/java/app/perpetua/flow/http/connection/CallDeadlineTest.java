package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Promise 21, without a clock: a call is cancelled at its deadline, and never after its end. */
class CallDeadlineTest {
  private final CallDeadline due = new CallDeadline();

  @Test
  void a_call_is_cut_at_its_deadline_and_not_before() {
    due.begin(100);
    assertFalse(due.cancelIfDue(99));
    assertTrue(due.cancelIfDue(100));
    assertFalse(due.cancelIfDue(101), "it is cancelled already");
    assertFalse(due.end());
  }

  @Test
  void a_call_that_has_ended_is_not_cut() {
    due.begin(100);
    assertTrue(due.end());
    assertFalse(due.cancelIfDue(1_000));
    assertFalse(due.cancel());
    assertFalse(due.isWaiting());
  }

  @Test
  void a_call_without_a_deadline_is_cut_only_on_request() {
    due.begin(CallDeadline.NEVER);
    assertFalse(due.cancelIfDue(Long.MAX_VALUE - 2));
    assertTrue(due.isWaiting());
    assertTrue(due.cancel());
    assertFalse(due.isWaiting());
    assertFalse(due.end());
  }

  /** If and only if a call is cancelled, its end reports that. */
  @Test
  void a_call_is_either_cut_or_completed() throws Exception {
    CyclicBarrier start = new CyclicBarrier(2);
    int rounds = 20_000;
    boolean[] cancelled = new boolean[rounds];
    boolean[] ended = new boolean[rounds];
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> canceller =
          threads.submit(
              () -> {
                for (int i = 0; i < rounds; i++) {
                  start.await();
                  cancelled[i] = due.cancelIfDue(1);
                  start.await();
                }
                return null;
              });
      Future<?> call =
          threads.submit(
              () -> {
                for (int i = 0; i < rounds; i++) {
                  due.begin(1);
                  start.await();
                  ended[i] = due.end();
                  start.await();
                }
                return null;
              });
      canceller.get();
      call.get();
    }
    for (int i = 0; i < rounds; i++) {
      assertEquals(!cancelled[i], ended[i]);
    }
  }
}
