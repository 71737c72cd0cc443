package app.perpetua.flow.provider.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.RedisServer;
import app.perpetua.flow.harness.TwoRedisClients;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.provider.openai.CircuitBreaker.Admission.Admitted;
import app.perpetua.flow.provider.openai.CircuitBreaker.Admission.Paused;
import app.perpetua.flow.provider.openai.CircuitBreaker.Permit;
import app.perpetua.flow.provider.openai.CircuitBreaker.State;
import app.perpetua.flow.redis.Redis;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two processes with one Redis: two connections, and two breakers. */
class SharedCircuitBreakerTest {
  /** Limit of waits; reached only if something hangs. */
  private static final Duration LONG = Duration.ofSeconds(60);

  private static final Duration PAUSE = Duration.ofSeconds(2);
  private static final AtomicInteger PROVIDERS = new AtomicInteger();

  @RegisterExtension static final TwoRedisClients redis = new TwoRedisClients();

  private final String provider = "provider" + PROVIDERS.incrementAndGet();
  private final CircuitBreaker here = breaker(redis.first(), PAUSE, LONG);
  private final CircuitBreaker there = breaker(redis.second(), PAUSE, LONG);

  private CircuitBreaker breaker(Redis client, Duration pause, Duration probeLimit) {
    return new SharedCircuitBreaker(
        provider,
        client,
        new LocalCircuitBreaker(provider, new MutableClock()),
        pause,
        pause.multipliedBy(3),
        probeLimit);
  }

  private static Permit permit(CircuitBreaker breaker) {
    return assertInstanceOf(Admitted.class, breaker.admit()).permit();
  }

  private static Duration remaining(CircuitBreaker breaker) {
    return assertInstanceOf(Paused.class, breaker.admit()).remaining();
  }

  private static void fail(CircuitBreaker breaker, int times) {
    for (int i = 0; i < times; i++) {
      permit(breaker).failed(false);
    }
  }

  /** The first call that is admitted after the pause. */
  private static Permit probe(CircuitBreaker breaker) {
    Permit[] probe = new Permit[1];
    Eventually.within(
        LONG,
        () -> {
          if (breaker.admit() instanceof Admitted(Permit admitted)) {
            probe[0] = admitted;
          }
          return probe[0] != null;
        });
    return probe[0];
  }

  @Test
  void FR_130_failures_of_all_processes_open_the_breaker_of_all() {
    fail(here, 3);
    fail(there, 1);
    assertEquals(State.CLOSED, here.state());
    fail(here, 1);
    assertEquals(State.OPEN, here.state());
    assertEquals(State.OPEN, there.state());
    Duration remaining = remaining(there);
    assertTrue(remaining.compareTo(PAUSE) <= 0, remaining::toString);
  }

  @Test
  void a_success_in_another_process_resets_the_count() {
    fail(here, 4);
    permit(there).succeeded();
    fail(here, 4);
    assertEquals(State.CLOSED, there.state());
  }

  @Test
  void a_permanent_failure_opens_at_once() {
    permit(here).failed(true);
    assertInstanceOf(Paused.class, there.admit());
  }

  @Test
  void FR_130_one_process_probes_and_its_result_counts_for_all() {
    fail(here, 5);
    Permit probe = probe(there);
    assertEquals(State.PROBING, here.state());
    assertEquals(Duration.ofSeconds(1), remaining(here));
    probe.succeeded();
    assertEquals(State.CLOSED, here.state());
    permit(here).released();
  }

  @Test
  void a_failed_probe_doubles_the_pause_up_to_the_longest() {
    fail(here, 5);
    probe(here).failed(false);
    assertTrue(remaining(there).compareTo(PAUSE) > 0);
    probe(there).failed(false);
    Duration longest = remaining(here);
    assertTrue(longest.compareTo(PAUSE.multipliedBy(2)) > 0, longest::toString);
    assertTrue(longest.compareTo(PAUSE.multipliedBy(3)) <= 0, longest::toString);
  }

  @Test
  void a_released_probe_permits_another() {
    fail(here, 5);
    probe(here).released();
    assertEquals(State.OPEN, there.state());
    permit(there).succeeded();
    assertEquals(State.CLOSED, here.state());
  }

  @Test
  void a_probe_without_a_result_is_followed_by_another() {
    CircuitBreaker impatient =
        breaker(redis.second(), Duration.ofMillis(50), Duration.ofMillis(200));
    fail(impatient, 5);
    Permit lost = probe(impatient);
    Permit next = probe(impatient);
    lost.failed(true);
    assertEquals(State.PROBING, impatient.state(), "the lost probe no longer counts");
    next.succeeded();
    assertEquals(State.CLOSED, impatient.state());
  }

  @Test
  void results_of_earlier_states_and_second_results_are_ignored() {
    Permit early = permit(there);
    Permit twice = permit(here);
    fail(here, 5);
    early.succeeded();
    assertEquals(State.OPEN, here.state());
    Permit probe = probe(there);
    twice.failed(true);
    assertEquals(State.PROBING, here.state());
    probe.succeeded();
    probe.failed(true);
    assertEquals(State.CLOSED, here.state());
  }

  @Test
  void FR_131_without_redis_a_process_decides_alone() throws IOException {
    try (RedisServer gone = new RedisServer();
        Redis lonely = TwoRedisClients.connect(gone)) {
      CircuitBreaker alone = breaker(lonely, PAUSE, LONG);
      Permit shared = permit(alone);
      gone.kill();
      fail(alone, 5);
      assertEquals(State.OPEN, alone.state());
      assertInstanceOf(Paused.class, alone.admit());
      shared.failed(false);
      assertEquals(State.CLOSED, here.state());
    }
  }
}
