package app.perpetua.flow.provider.google;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.harness.time.MutableClock;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Promise 11: outages of Google, changed keys and invented key ids. */
class GoogleKeysTest {
  private static final Duration COOL_DOWN = Duration.ofSeconds(10);
  private static final Duration SOON = Duration.ofMillis(400);
  private static final Duration AGES = Duration.ofMinutes(1);

  private final MutableClock clock = new MutableClock();
  private final AtomicLong nanoTime = new AtomicLong();
  private final FakeGoogle google = new FakeGoogle(clock);
  private final HttpClient http = HttpClient.newHttpClient();
  private final GoogleKeys keys =
      new GoogleKeys(http, google.jwksUrl(), clock, nanoTime::get, this::timeout);

  /** Short where no response comes, otherwise longer than any machine needs. */
  private volatile Duration timeout = AGES;

  private Duration timeout() {
    return timeout;
  }

  private void respondWith(FakeGoogle.Mode mode) {
    timeout = mode == FakeGoogle.Mode.STALLED || mode == FakeGoogle.Mode.ENDLESS ? SOON : AGES;
    google.respondWith(mode);
  }

  @AfterEach
  void close() {
    http.close();
    google.close();
  }

  @Test
  void keys_are_fetched_once_and_cached() {
    for (int i = 0; i < 5; i++) {
      assertTrue(isKnown());
    }
    assertEquals(1, google.fetches());
  }

  @Test
  void keys_expire_after_a_day() {
    assertTrue(isKnown());
    String old = google.signingKey().getKeyID();
    google.rotateKeys();
    clock.advance(Duration.ofHours(24));
    assertFalse(keys.verifier(old).isPresent(), "no longer published");
    assertEquals(2, google.fetches());
  }

  @Test
  void max_age_limits_the_lifetime() {
    google.cacheFor(Duration.ofHours(1));
    assertTrue(isKnown());
    clock.advance(Duration.ofMinutes(61));
    assertTrue(isKnown());
    assertEquals(2, google.fetches());
  }

  @Test
  void keys_are_refreshed_before_they_expire() throws InterruptedException {
    assertTrue(isKnown());
    respondWith(FakeGoogle.Mode.STALLED);
    clock.advance(Duration.ofHours(20));
    assertTrue(isKnown(), "the refresh does not block");
    google.awaitFetches(2);
  }

  @Test
  void a_new_key_is_accepted_at_once() {
    assertTrue(isKnown());
    for (int i = 0; i < 3; i++) {
      google.rotateKeys();
      assertTrue(isKnown(), "rotation " + i);
    }
    assertEquals(4, google.fetches());
  }

  @Test
  void promise_11_unknown_key_ids_trigger_one_fetch_per_cool_down() throws Exception {
    assertTrue(isKnown());
    assertEquals(50, strangers(50).stream().filter(found -> !found).count());
    assertEquals(2, google.fetches());

    google.rotateKeys();
    assertFalse(isKnown(), "quiet");
    nanoTime.addAndGet(COOL_DOWN.toNanos());
    assertTrue(isKnown());
    assertEquals(3, google.fetches());
  }

  @Test
  void the_first_unknown_key_id_triggers_one_fetch() {
    assertFalse(keys.verifier("made up").isPresent());
    assertFalse(keys.verifier("made up").isPresent());
    assertTrue(isKnown());
    assertEquals(1, google.fetches());
  }

  @ParameterizedTest
  @EnumSource(names = "WORKING", mode = EnumSource.Mode.EXCLUDE)
  @Timeout(60)
  void promise_11_cached_keys_stay_usable_while_google_is_unavailable(FakeGoogle.Mode mode) {
    assertTrue(isKnown());
    respondWith(mode);
    clock.advance(Duration.ofHours(47));
    assertTrue(isKnown());
    assertTrue(isKnown());
    assertFalse(keys.verifier("made up").isPresent(), "unknown, not unavailable");
    assertEquals(2, google.fetches(), "one attempt per cool-down");

    respondWith(FakeGoogle.Mode.WORKING);
    nanoTime.addAndGet(COOL_DOWN.toNanos());
    google.rotateKeys();
    assertTrue(isKnown(), "back again");
  }

  @Test
  void keys_expire_after_a_day_of_outage() {
    assertTrue(isKnown());
    respondWith(FakeGoogle.Mode.DOWN);
    clock.advance(Duration.ofDays(2));
    assertUnavailable();
  }

  @ParameterizedTest
  @EnumSource(names = "WORKING", mode = EnumSource.Mode.EXCLUDE)
  @Timeout(60)
  void without_keys_sign_in_is_unavailable_until_google_recovers(FakeGoogle.Mode mode) {
    respondWith(mode);
    assertUnavailable();
    respondWith(FakeGoogle.Mode.WORKING);
    assertTrue(isKnown());
  }

  /** What starts a cool-down, shortly before the keys become unusable. */
  enum Start {
    UNKNOWN_KEY_ID,
    UNKNOWN_KEY_ID_IN_AN_OUTAGE,
    EXPIRY_IN_AN_OUTAGE,
    REFRESH_IN_AN_OUTAGE
  }

  @ParameterizedTest
  @EnumSource
  void a_cool_down_does_not_outlast_the_last_usable_keys(Start start) throws Exception {
    google.cacheFor(Duration.ofHours(1));
    assertTrue(isKnown());
    switch (start) {
      case UNKNOWN_KEY_ID -> assertFalse(keys.verifier("made up").isPresent());
      case UNKNOWN_KEY_ID_IN_AN_OUTAGE -> {
        respondWith(FakeGoogle.Mode.DOWN);
        clock.advance(Duration.ofMinutes(10));
        assertFalse(keys.verifier("made up").isPresent());
      }
      case EXPIRY_IN_AN_OUTAGE -> {
        respondWith(FakeGoogle.Mode.DOWN);
        clock.advance(Duration.ofHours(25).minusMillis(1));
        assertTrue(isKnown(), "stale, but usable");
      }
      case REFRESH_IN_AN_OUTAGE -> {
        respondWith(FakeGoogle.Mode.DOWN);
        clock.advance(Duration.ofMinutes(50));
        assertTrue(isKnown());
        google.awaitFetches(2);
      }
    }
    respondWith(FakeGoogle.Mode.DOWN);
    clock.advance(Duration.ofHours(25));
    // May share the outcome of the refresh in the background.
    assertUnavailable();
    int fetches = google.fetches();
    assertUnavailable();
    assertEquals(fetches + 1, google.fetches(), "each call without usable keys tries");
    respondWith(FakeGoogle.Mode.WORKING);
    google.rotateKeys();
    assertTrue(isKnown(), "in the cool-down");
    assertEquals(fetches + 2, google.fetches());
  }

  @Test
  void promise_11_without_usable_keys_a_flood_of_unknown_key_ids_triggers_one_fetch()
      throws Exception {
    assertTrue(isKnown());
    assertFalse(keys.verifier("made up").isPresent());
    clock.advance(Duration.ofDays(3));
    assertEquals(50, strangers(50).stream().filter(found -> !found).count());
    assertEquals(3, google.fetches());
    assertTrue(isKnown());
    assertEquals(50, strangers(50).stream().filter(found -> !found).count());
    assertEquals(3, google.fetches(), "the cool-down holds while there are usable keys");
  }

  @Test
  void keys_do_not_live_longer_if_the_clock_is_set_back() {
    clock.advance(Duration.ofDays(7));
    assertTrue(isKnown());
    String old = google.signingKey().getKeyID();
    google.rotateKeys();
    clock.advance(Duration.ofDays(-7));
    assertFalse(keys.verifier(old).isPresent());
    assertTrue(isKnown());
  }

  private void assertUnavailable() {
    Refusal refusal = assertThrows(Refusal.class, this::isKnown);
    assertEquals(ErrorCode.SERVICE_UNAVAILABLE, refusal.code());
    assertEquals(10L, refusal.extras().get("retry_after"));
  }

  private boolean isKnown() {
    return keys.verifier(google.signingKey().getKeyID()).isPresent();
  }

  private List<Boolean> strangers(int count) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Boolean>> calls = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String kid = "made up " + i;
        calls.add(() -> keys.verifier(kid).isPresent());
      }
      List<Boolean> found = new ArrayList<>();
      for (Future<Boolean> call : threads.invokeAll(calls)) {
        found.add(call.get());
      }
      return found;
    }
  }
}
