package app.perpetua.flow.webhooks;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/**
 * Sends the due deliveries of one endpoint, a few at a time. Begins no further request once the
 * receiver is slow, is gone or asks for a pause; what was not attempted stays due. Thread-safe.
 */
final class DeliveryRun {
  /** Requests at a time; an endpoint may have as many runs as it has lanes. */
  private static final int PARALLEL = 3;

  /** A receiver is slow if a request takes this long; after as long, a run begins no request. */
  static final Duration SLOW = Duration.ofSeconds(5);

  private final WebhookSender sender;
  private final Clock clock;

  DeliveryRun(WebhookSender sender, Clock clock) {
    this.sender = sender;
    this.clock = clock;
  }

  /**
   * Sends the deliveries.
   *
   * @param deliveries at least one
   * @return the attempts, at least one
   */
  List<Attempt> send(Target target, List<PendingDelivery> deliveries) throws InterruptedException {
    Queue<PendingDelivery> waiting = new ConcurrentLinkedQueue<>(deliveries);
    List<Attempt> attempts = Collections.synchronizedList(new ArrayList<>());
    long start = System.nanoTime();
    Callable<Boolean> worker =
        () -> {
          boolean isUsable = true;
          while (isUsable) {
            PendingDelivery next = waiting.poll();
            if (next == null) {
              return true;
            }
            Attempt attempt = attempt(target, next);
            attempts.add(attempt);
            isUsable =
                System.nanoTime() - start < SLOW.toNanos()
                    && attempt.took().compareTo(SLOW) < 0
                    && !attempt.isGone()
                    && attempt.retryAfter().isZero();
          }
          waiting.clear();
          return false;
        };
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("webhook-", 0).factory())) {
      for (Future<Boolean> ended :
          threads.invokeAll(Collections.nCopies(Math.min(PARALLEL, deliveries.size()), worker))) {
        ended.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a webhook cannot be sent", e.getCause());
    }
    return List.copyOf(attempts);
  }

  private Attempt attempt(Target target, PendingDelivery delivery) throws InterruptedException {
    byte[] body = delivery.body().getBytes(StandardCharsets.UTF_8);
    Instant now = clock.instant();
    long timestamp = now.getEpochSecond();
    String signatures =
        target.secrets().stream()
            .map(secret -> secret.sign(delivery.id(), timestamp, body))
            .collect(Collectors.joining(" "));
    long start = System.nanoTime();
    WebhookSender.Outcome outcome =
        sender.send(
            new WebhookSender.Message(target.url(), delivery.id(), timestamp, signatures, body));
    return new Attempt(delivery, now, Duration.ofNanos(System.nanoTime() - start), outcome);
  }
}
