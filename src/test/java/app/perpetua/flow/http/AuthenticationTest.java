package app.perpetua.flow.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.limits.RateLimiter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AuthenticationTest {
  private static final int LIMIT = 3;
  private static final String CLIENT = "203.0.113.7";

  /** Accepts tokens that start with "valid". */
  private static final class CountingAuthenticator implements Authenticator {
    final Map<String, Principal> known = new ConcurrentHashMap<>();
    final ConcurrentLinkedQueue<String> verified = new ConcurrentLinkedQueue<>();

    @Override
    public Principal verify(String token) {
      verified.add(token);
      if (!token.startsWith("valid")) {
        throw Authenticator.unauthorized();
      }
      return known.computeIfAbsent(
          token,
          _ ->
              new Principal(
                  UUID.randomUUID(),
                  UUID.randomUUID(),
                  UUID.randomUUID(),
                  UUID.randomUUID(),
                  MutableClock.START));
    }

    @Override
    public Optional<Principal> recall(String token) {
      return Optional.ofNullable(known.get(token));
    }
  }

  private final CountingAuthenticator authenticator = new CountingAuthenticator();
  private final Authentication authentication =
      new Authentication(
          authenticator,
          new RateLimiter(new MutableClock(), Optional.empty()),
          new HttpConfig.RateLimits(LIMIT, LIMIT, 1, 1));

  @Test
  void above_the_limit_no_token_is_verified() {
    for (int i = 0; i < LIMIT; i++) {
      assertEquals(ErrorCode.UNAUTHORIZED, refused("forged" + i));
    }
    for (int i = 0; i < 10; i++) {
      assertEquals(ErrorCode.RATE_LIMIT_EXCEEDED, refused("forged again" + i));
      assertEquals(ErrorCode.RATE_LIMIT_EXCEEDED, refused("valid" + i));
    }
    assertEquals(LIMIT, authenticator.verified.size());
  }

  @Test
  void valid_tokens_do_not_count_for_the_address() {
    for (int i = 0; i < 10 * LIMIT; i++) {
      authentication.require("valid" + i, CLIENT, _ -> {});
    }
    assertEquals(ErrorCode.UNAUTHORIZED, refused("forged"));
  }

  @Test
  void FR_180_unknown_secrets_count_for_the_address_and_known_ones_do_not() {
    for (int i = 0; i < 10 * LIMIT; i++) {
      assertEquals("found", requireKnown(() -> Optional.of("found")));
    }
    for (int i = 0; i < LIMIT; i++) {
      assertEquals(ErrorCode.NOT_FOUND, refusedSecret(Optional::empty));
    }
    assertEquals(
        ErrorCode.RATE_LIMIT_EXCEEDED,
        refusedSecret(
            () -> {
              throw new AssertionError("above the limit nothing is looked up");
            }));
  }

  @Test
  void FR_180_a_failed_look_up_does_not_count() {
    for (int i = 0; i < 2 * LIMIT; i++) {
      assertThrows(
          IllegalStateException.class,
          () ->
              requireKnown(
                  () -> {
                    throw new IllegalStateException("away");
                  }));
    }
    assertEquals(ErrorCode.NOT_FOUND, refusedSecret(Optional::empty));
  }

  private String requireKnown(Supplier<Optional<String>> lookup) {
    return authentication.requireKnown(CLIENT, lookup, _ -> {});
  }

  private ErrorCode refusedSecret(Supplier<Optional<String>> lookup) {
    return assertThrows(Refusal.class, () -> requireKnown(lookup)).code();
  }

  @Test
  void parallel_forgeries_are_verified_up_to_the_limit() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    List<Future<ErrorCode>> outcomes = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 100; i++) {
        String token = "forged" + i;
        outcomes.add(
            executor.submit(
                () -> {
                  go.await();
                  return refused(token);
                }));
      }
      go.countDown();
      int unauthorized = 0;
      for (Future<ErrorCode> outcome : outcomes) {
        unauthorized += outcome.get() == ErrorCode.UNAUTHORIZED ? 1 : 0;
      }
      assertEquals(LIMIT, unauthorized);
    }
    assertEquals(LIMIT, authenticator.verified.size());
  }

  private ErrorCode refused(String token) {
    return assertThrows(Refusal.class, () -> authentication.require(token, CLIENT, _ -> {})).code();
  }
}
