package app.perpetua.flow;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.provider.checkout.CheckoutCheck;
import app.perpetua.flow.provider.deepgram.DeepgramCheck;
import app.perpetua.flow.provider.google.GoogleKeysCheck;
import app.perpetua.flow.provider.openai.OpenAiCheck;
import app.perpetua.flow.redis.RedisCheck;
import app.perpetua.flow.sql.startup.DatabaseCheck;
import java.io.PrintStream;
import java.net.http.HttpClient;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Tries the database and each configured provider, all at once, and prints a line for each. Nothing
 * is changed, bought or sent to a user.
 */
final class ConnectionChecks {
  /** For all checks together, which run at the same time. */
  static final Duration LIMIT = Duration.ofSeconds(10);

  private static final Duration PROGRESS_INTERVAL = Duration.ofSeconds(2);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(4);

  /** Tries something; a failure is a result. */
  @FunctionalInterface
  interface Attempt {
    CheckResult run() throws InterruptedException;
  }

  /** An attempt that has begun. */
  private record Running(String name, FutureTask<Timed> task) {}

  private record Timed(CheckResult result, Duration took) {}

  private final List<Running> running = new ArrayList<>();
  private final Duration limit;
  private final Duration progressInterval;

  ConnectionChecks(Duration limit, Duration progressInterval) {
    this.limit = limit;
    this.progressInterval = progressInterval;
  }

  /**
   * Tries everything that a role uses.
   *
   * @param limit for all attempts together, such as {@link #LIMIT}
   * @return whether nothing failed
   */
  static boolean run(
      Config config, Role role, Duration limit, PrintStream out, PrintStream progress)
      throws InterruptedException {
    // shutdownNow: a call that got no answer would hold up close.
    HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build();
    try {
      ConnectionChecks checks = new ConnectionChecks(limit, PROGRESS_INTERVAL);
      checks.addAll(config, role, http);
      return checks.print(out, progress);
    } finally {
      http.shutdownNow();
    }
  }

  private void addAll(Config config, Role role, HttpClient http) {
    // A call that ends by itself says more than one that is cut off.
    Duration timeout = limit.multipliedBy(4).dividedBy(5);
    DatabaseCheck database = new DatabaseCheck(config.database(), new SecureRandom());
    add("database", database::schema);
    add("connections", database::connections);
    add(
        "Redis",
        config
            .redis()
            .<Attempt>map(url -> new RedisCheck(url, timeout)::run)
            .orElse(notSet("REDIS_URL")));
    addOfApi(
        "Google", role, new GoogleKeysCheck(http, config.account().googleJwksUrl(), timeout)::run);
    addOfApi(
        "OpenAI",
        role,
        config
            .ai()
            .openai()
            .key()
            .<Attempt>map(key -> new OpenAiCheck(http, config.ai().openai(), key, timeout)::run)
            .orElse(notSet("OPENAI_API_KEY")));
    addOfApi(
        "Deepgram",
        role,
        config.voice().enabled()
            ? config
                .voice()
                .apiKey()
                .<Attempt>map(
                    key -> new DeepgramCheck(http, config.voice().baseUrl(), key, timeout)::run)
                .orElse(notSet("DEEPGRAM_API_KEY"))
            : () -> CheckResult.skipped("ENABLE_VOICE_TRANSCRIPTION is false"));
    add(
        "Checkout.com",
        config
            .payment()
            .checkout()
            .<Attempt>map(checkout -> new CheckoutCheck(http, checkout, timeout)::run)
            .orElse(notSet("CHECKOUT_SECRET_KEY")));
    add(
        "Web Push",
        config.notifications().push().vapid().isPresent()
            // Config refuses halves that do not match.
            ? () -> CheckResult.ok("the VAPID keys are a pair; push services need no account")
            : notSet("VAPID_PUBLIC_KEY"));
  }

  private void addOfApi(String name, Role role, Attempt attempt) {
    add(
        name,
        role == Role.WORKER ? () -> CheckResult.skipped("a worker does not use it") : attempt);
  }

  private static Attempt notSet(String variable) {
    return () -> CheckResult.skipped("not configured: " + variable + " is not set");
  }

  /** Begins an attempt. */
  void add(String name, Attempt attempt) {
    FutureTask<Timed> task =
        new FutureTask<>(
            () -> {
              long start = System.nanoTime();
              CheckResult result = attempt.run();
              return new Timed(result, Duration.ofNanos(System.nanoTime() - start));
            });
    running.add(new Running(name, task));
    Thread.ofVirtual().name("check " + name).start(task);
  }

  /**
   * Waits for the attempts and prints a line for each, in the order in which they were added.
   *
   * @param progress receives the names of those that take longer than some seconds
   * @return whether nothing failed
   */
  boolean print(PrintStream out, PrintStream progress) throws InterruptedException {
    long start = System.nanoTime();
    boolean isGood = true;
    for (Running check : running) {
      Timed timed = await(check, start, progress);
      isGood &= timed.result().status() != CheckResult.Status.FAILED;
      out.println(line(check.name(), timed));
    }
    return isGood;
  }

  private Timed await(Running check, long start, PrintStream progress) throws InterruptedException {
    while (true) {
      Duration passed = Duration.ofNanos(System.nanoTime() - start);
      Duration left = limit.minus(passed);
      // The next multiple of the interval, so that waits for several checks print it once.
      Duration next =
          progressInterval.multipliedBy(passed.dividedBy(progressInterval) + 1).minus(passed);
      Duration pause = left.compareTo(next) < 0 ? left : next;
      try {
        return check.task().get(Math.max(0, pause.toNanos()), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        if (pause.equals(left) || left.isNegative()) {
          check.task().cancel(true);
          return new Timed(
              CheckResult.failed("no result within " + limit.toSeconds() + " s"), limit);
        }
        progress.println("  waiting for " + String.join(", ", unfinished()));
      } catch (ExecutionException e) {
        return new Timed(
            CheckResult.failed(
                "the check itself failed: "
                    + (e.getCause() instanceof Exception cause ? cause : e).getClass().getName()),
            Duration.ofNanos(System.nanoTime() - start));
      }
    }
  }

  private List<String> unfinished() {
    return running.stream().filter(check -> !check.task().isDone()).map(Running::name).toList();
  }

  private static String line(String name, Timed timed) {
    CheckResult result = timed.result();
    String time =
        result.status() == CheckResult.Status.SKIPPED ? "" : timed.took().toMillis() + " ms";
    return String.format(
        Locale.ROOT,
        "  %-8s %-13s %8s  %s",
        result.status().name().toLowerCase(Locale.ROOT),
        name,
        time,
        result.sentence());
  }
}
