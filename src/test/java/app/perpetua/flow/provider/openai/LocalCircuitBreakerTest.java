package app.perpetua.flow.provider.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.provider.openai.CircuitBreaker.Admission.Admitted;
import app.perpetua.flow.provider.openai.CircuitBreaker.Admission.Paused;
import app.perpetua.flow.provider.openai.CircuitBreaker.Permit;
import app.perpetua.flow.provider.openai.CircuitBreaker.State;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LocalCircuitBreakerTest {
  private final MutableClock clock = new MutableClock();
  private final CircuitBreaker breaker = new LocalCircuitBreaker("provider", clock);

  private void pass(Duration time) {
    clock.advance(time);
  }

  private Permit permit() {
    return assertInstanceOf(Admitted.class, breaker.admit()).permit();
  }

  private Duration remaining() {
    return assertInstanceOf(Paused.class, breaker.admit()).remaining();
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      permit().failed(false);
    }
  }

  @Test
  void five_consecutive_failures_open_the_breaker_for_30_seconds() {
    fail(4);
    assertEquals(State.CLOSED, breaker.state());
    fail(1);
    assertEquals(State.OPEN, breaker.state());
    assertEquals(Duration.ofSeconds(30), remaining());
    pass(Duration.ofSeconds(29));
    assertInstanceOf(Paused.class, breaker.admit());
    pass(Duration.ofSeconds(1));
    assertInstanceOf(Admitted.class, breaker.admit());
  }

  @Test
  void a_success_resets_the_count_of_failures() {
    fail(4);
    permit().succeeded();
    fail(4);
    assertEquals(State.CLOSED, breaker.state());
  }

  @Test
  void one_probe_decides_after_the_pause() {
    fail(5);
    pass(Duration.ofSeconds(30));
    Permit probe = permit();
    assertEquals(State.PROBING, breaker.state());
    assertInstanceOf(Paused.class, breaker.admit());
    assertEquals(Duration.ofSeconds(1), remaining());
    probe.succeeded();
    assertEquals(State.CLOSED, breaker.state());
    fail(5);
    assertEquals(Duration.ofSeconds(30), remaining(), "as at first");
  }

  @Test
  void each_failed_probe_doubles_the_pause_up_to_five_minutes() {
    fail(5);
    for (int seconds : new int[] {30, 60, 120, 240, 300, 300}) {
      assertEquals(Duration.ofSeconds(seconds), remaining());
      pass(Duration.ofSeconds(seconds));
      fail(1);
    }
  }

  @Test
  void a_released_probe_permits_another() {
    fail(5);
    pass(Duration.ofSeconds(30));
    permit().released();
    assertEquals(State.OPEN, breaker.state());
    permit().succeeded();
    assertEquals(State.CLOSED, breaker.state());
  }

  @Test
  void results_of_earlier_states_are_ignored() {
    Permit early = permit();
    Permit other = permit();
    fail(5);
    early.succeeded();
    assertEquals(State.OPEN, breaker.state());
    pass(Duration.ofSeconds(30));
    Permit probe = permit();
    other.failed(true);
    assertEquals(State.PROBING, breaker.state());
    probe.succeeded();
    assertEquals(State.CLOSED, breaker.state());
  }

  @Test
  void a_permanent_failure_opens_the_breaker_at_once() {
    permit().failed(true);
    assertEquals(State.OPEN, breaker.state());
  }

  @Test
  void a_clock_set_back_ends_the_pause() {
    fail(5);
    clock.advance(Duration.ofHours(-1));
    assertInstanceOf(Admitted.class, breaker.admit());
  }

  @Test
  void only_the_first_result_of_a_permit_counts() {
    Permit permit = permit();
    for (int i = 0; i < 9; i++) {
      permit.failed(false);
    }
    assertEquals(State.CLOSED, breaker.state());
  }
}
