package app.perpetua.flow.webhooks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.webhooks.WebhookSender.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeliveryRunTest {
  private static final Target TARGET =
      new Target(
          UUID.randomUUID(),
          "https://hooks.example.com/",
          new WebhookEndpoint.Messages(
              List.of(WebhookEvent.ALL), WebhookEndpoint.Payload.THIN, null),
          List.of(new WebhookSecret(new byte[24])),
          0,
          null,
          0,
          null,
          false);

  private static List<PendingDelivery> deliveries(int count) {
    return IntStream.range(0, count)
        .mapToObj(_ -> new PendingDelivery(UUID.randomUUID(), "{}", 10))
        .toList();
  }

  private static List<Attempt> send(int count, WebhookSender sender) throws InterruptedException {
    return new DeliveryRun(sender, Clock.systemUTC()).send(TARGET, deliveries(count));
  }

  @Test
  void FR_169_no_more_than_three_requests_are_in_progress() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CyclicBarrier three = new CyclicBarrier(3);
    List<Attempt> attempts =
        send(
            12,
            _ -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              try {
                three.await(10, TimeUnit.SECONDS);
              } catch (BrokenBarrierException | TimeoutException e) {
                throw new IllegalStateException(e);
              }
              running.decrementAndGet();
              return new Outcome.Answered(204, "", Duration.ZERO);
            });
    assertEquals(12, attempts.size());
    assertTrue(attempts.stream().allMatch(Attempt::succeeded));
    assertEquals(3, most.get());
  }

  @ParameterizedTest
  @CsvSource({"410, 0", "503, 60", "429, 1"})
  void FR_169_a_receiver_that_wants_no_more_gets_no_further_request(int status, int retryAfter)
      throws Exception {
    List<Attempt> attempts =
        send(20, _ -> new Outcome.Answered(status, "", Duration.ofSeconds(retryAfter)));
    assertTrue(!attempts.isEmpty() && attempts.size() <= 3, attempts::toString);
  }

  @Test
  void FR_169_failures_alone_do_not_stop_the_run() throws Exception {
    assertEquals(20, send(20, _ -> new Outcome.Unanswered("closed")).size());
  }

  @Test
  void FR_169_the_pause_after_slow_runs_doubles_up_to_a_quarter_of_an_hour() {
    assertEquals(
        List.of(30L, 60L, 120L, 240L, 480L, 900L, 900L),
        IntStream.rangeClosed(1, 7)
            .mapToObj(stalls -> WebhookDeliverJob.pauseAfter(stalls).toSeconds())
            .toList());
    assertEquals(Duration.ofMinutes(15), WebhookDeliverJob.pauseAfter(Integer.MAX_VALUE));
  }

  @Test
  void FR_169_ten_attempts_take_at_least_three_days_and_at_most_a_tenth_longer() {
    RandomGenerator lowest = () -> 0;
    RandomGenerator highest = () -> -1L;
    Duration shortest = whole(new RetrySchedule(lowest));
    Duration longest = whole(new RetrySchedule(highest));
    assertTrue(shortest.compareTo(Duration.ofDays(3)) >= 0, shortest::toString);
    assertTrue(longest.compareTo(Duration.ofHours(80)) < 0, longest::toString);
    assertTrue(longest.compareTo(shortest) > 0);
  }

  private static Duration whole(RetrySchedule schedule) {
    return IntStream.rangeClosed(1, RetrySchedule.ATTEMPTS - 1)
        .mapToObj(schedule::delay)
        .reduce(Duration.ZERO, Duration::plus);
  }
}
