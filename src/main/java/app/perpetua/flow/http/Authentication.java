package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.limits.RateLimiter;
import app.perpetua.flow.http.limits.RateLimiter.Decision;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Authenticates requests and counts them in the general limit. Verifying a signature is expensive,
 * so each failed authentication counts for the client's address, and above the limit only tokens
 * are accepted that were verified before (docs/decisions/rate-limits.md). Thread-safe.
 */
public final class Authentication {
  private static final String GENERAL = "general";
  private static final String TOKEN = "token";

  private sealed interface Identity {
    record Known(Principal principal) implements Identity {}

    /** Nobody is signed in; the request has been counted for its address. */
    record Unknown(Decision decision, Refusal refusal) implements Identity {}
  }

  private final Authenticator authenticator;
  private final RateLimiter limiter;
  private final HttpConfig.RateLimits limits;

  public Authentication(
      Authenticator authenticator, RateLimiter limiter, HttpConfig.RateLimits limits) {
    this.authenticator = authenticator;
    this.limiter = limiter;
    this.limits = limits;
  }

  /**
   * Authenticates a request that requires a token. A success is not counted.
   *
   * @param token null if there is none
   * @param client the client's address
   * @param counted receives the count of a failure, before it is thrown
   * @throws Refusal as {@link Authenticator#verify}, or {@code RATE_LIMIT_EXCEEDED} for a token
   *     that has not been verified because the address exceeds its limit
   */
  public Principal require(@Nullable String token, String client, Consumer<Decision> counted) {
    return switch (identity(token, client)) {
      case Identity.Known(Principal principal) -> principal;
      case Identity.Unknown(Decision decision, Refusal refusal) -> {
        counted.accept(decision);
        throw refusal;
      }
    };
  }

  /**
   * Finds what the secret in a request's path stands for. A success is not counted.
   *
   * @param client the client's address
   * @param lookup empty if the secret is unknown
   * @param counted receives the count of a failure, before it is thrown
   * @throws Refusal {@code NOT_FOUND}, or {@code RATE_LIMIT_EXCEEDED}, without a look-up, if the
   *     address exceeds its limit
   */
  <T> T requireKnown(String client, Supplier<Optional<T>> lookup, Consumer<Decision> counted) {
    // Counted before the look-up, so that parallel requests do not exceed the limit.
    RateLimiter.Attempt attempt = limiter.attempt(GENERAL, client, limits.general());
    if (attempt.isAllowed()) {
      Optional<T> found;
      try {
        found = lookup.get();
      } catch (RuntimeException e) {
        attempt.cancel();
        throw e;
      }
      if (found.isPresent()) {
        attempt.cancel();
        return found.get();
      }
    }
    Decision decision = attempt.confirm();
    counted.accept(decision);
    throw decision.allowed()
        ? Refusal.of(ErrorCode.NOT_FOUND, "the address is unknown or was revoked")
        : decision.refusal();
  }

  /**
   * Counts a request that requires no token, for its user if it has a valid one, otherwise for its
   * address.
   */
  Decision count(@Nullable String token, String client) {
    return switch (identity(token, client)) {
      case Identity.Known(Principal principal) -> count(principal);
      case Identity.Unknown(Decision decision, Refusal _) -> decision;
    };
  }

  /** Counts a user's request; those with a personal access token have a limit of their own. */
  public Decision count(Principal principal) {
    return principal.personalToken() == null
        ? limiter.tryAcquire(GENERAL, principal.limitId(), limits.general())
        : limiter.tryAcquire(TOKEN, principal.tokenId(), limits.personalToken());
  }

  /**
   * Counts a request in the limit of its route; null if that has none.
   *
   * @param principal null if the route requires no token
   */
  @Nullable Decision count(Route.Bucket bucket, @Nullable Principal principal, String client) {
    return switch (bucket) {
      case PROBE, EXEMPT, CAPABILITY -> null;
      case AUTH -> limiter.tryAcquire(bucket.policy(), client, limits.auth());
      case AI ->
          principal == null
              ? limiter.tryAcquire(bucket.policy(), client, limits.ai())
              : countModelCall(principal);
      case GENERAL -> principal == null ? count(client) : count(principal);
    };
  }

  /** Counts a request that calls a model; the user's tokens have this limit in common. */
  Decision countModelCall(Principal principal) {
    return limiter.tryAcquire(Route.Bucket.AI.policy(), principal.limitId(), limits.ai());
  }

  /** Counts a request of an address. */
  public Decision count(String client) {
    return limiter.tryAcquire(GENERAL, client, limits.general());
  }

  private Identity identity(@Nullable String token, String client) {
    Optional<Principal> known = Optional.ofNullable(token).flatMap(authenticator::recall);
    if (known.isPresent()) {
      return new Identity.Known(known.get());
    }
    // Counted before the token is verified, so that parallel requests do not exceed the limit.
    RateLimiter.Attempt attempt = limiter.attempt(GENERAL, client, limits.general());
    if (token == null || !attempt.isAllowed()) {
      return unknown(attempt.confirm(), Authenticator.unauthorized());
    }
    try {
      Principal principal = authenticator.verify(token);
      attempt.cancel();
      return new Identity.Known(principal);
    } catch (Refusal e) {
      return unknown(attempt.confirm(), e);
    }
  }

  private static Identity unknown(Decision decision, Refusal refusal) {
    return new Identity.Unknown(decision, decision.allowed() ? refusal : decision.refusal());
  }
}
