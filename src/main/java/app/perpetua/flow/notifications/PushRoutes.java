package app.perpetua.flow.notifications;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AddressGuard.Verdict;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Endpoints of push subscriptions. */
final class PushRoutes {
  /** Characters; 65 bytes in base64 need fewer. */
  private static final int MAX_KEY = 100;

  private static final int AUTH_BYTES = 16;

  /** Long, because an operator must configure keys first. */
  private static final Duration RETRY_AFTER = Duration.ofHours(1);

  private final PushSubscriptions subscriptions;
  private final AddressGuard guard;
  private final Optional<String> publicKey;

  /**
   * @param guard decides which endpoints are permitted
   * @param vapid empty if push is not configured
   */
  PushRoutes(PushSubscriptions subscriptions, AddressGuard guard, Optional<Vapid> vapid) {
    this.subscriptions = subscriptions;
    this.guard = guard;
    this.publicKey = vapid.map(Vapid::publicText);
  }

  /** GET /notifications/push-key. */
  Function<Tx, Reply> key(Request request) {
    return _ -> Reply.ok(Map.of("public_key", publicKey.orElseThrow(PushRoutes::unavailable)));
  }

  /**
   * POST /notifications/push-subscription. Browsers decide what else a subscription has, such as
   * {@code expirationTime}.
   */
  Function<Tx, Reply> subscribe(Request request) {
    JsonReader body = request.body().ignoreUnknown().required("endpoint", "keys");
    String endpoint = body.text("endpoint", 1, AddressGuard.MAX_LENGTH);
    JsonReader keys = body.object("keys");
    byte[] p256dh = null;
    byte[] auth = null;
    if (keys != null) {
      keys.ignoreUnknown().required("p256dh", "auth");
      p256dh = bytes(keys, "p256dh", P256::isPoint, "must be a point on P-256 in base64url");
      auth = bytes(keys, "auth", b -> b.length == AUTH_BYTES, "must be 16 bytes in base64url");
    }
    if (endpoint != null && publicKey.isPresent()) {
      checkEndpoint(body, endpoint);
    }
    body.validate();
    String allowedEndpoint = Objects.requireNonNull(endpoint);
    byte[] point = Objects.requireNonNull(p256dh);
    byte[] secret = Objects.requireNonNull(auth);
    return tx -> {
      if (publicKey.isEmpty()) {
        throw unavailable();
      }
      PushSubscriptions.Saved saved = subscriptions.save(tx, allowedEndpoint, point, secret);
      return saved.added() ? Reply.created(saved.subscription()) : Reply.ok(saved.subscription());
    };
  }

  /** Resolves the host, which must not happen inside a transaction. */
  private void checkEndpoint(JsonReader body, String endpoint) {
    try {
      switch (guard.check(endpoint)) {
        case Verdict.Allowed _ -> {}
        case Verdict.Malformed(String reason) -> body.addError("endpoint", reason);
        case Verdict.Denied _, Verdict.Unknown _ ->
            body.addError("endpoint", AddressGuard.HOST_RULE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the service is shutting down")
          .retryAfter(Duration.ofSeconds(1));
    }
  }

  /** DELETE /notifications/push-subscription, the endpoint in the body or in the query. */
  Function<Tx, Reply> unsubscribe(Request request) {
    QueryParameters query = request.query();
    String inQuery = query.text("endpoint", AddressGuard.MAX_LENGTH);
    query.validate();
    JsonReader body = request.body().ignoreUnknown().notNull("endpoint");
    String inBody = body.text("endpoint", 1, AddressGuard.MAX_LENGTH);
    if (inQuery == null && !body.has("endpoint")) {
      body.addError("endpoint", "is required");
    } else if (inQuery != null && inBody != null && !inQuery.equals(inBody)) {
      body.addError("endpoint", "must be the one in the query");
    }
    body.validate();
    String endpoint = inBody == null ? Objects.requireNonNull(inQuery) : inBody;
    return tx -> {
      subscriptions.remove(tx, endpoint);
      return Reply.noContent();
    };
  }

  /** Decodes either alphabet of RFC 4648, with or without padding. */
  private static byte @Nullable [] bytes(
      JsonReader keys, String name, Predicate<byte[]> isValid, String message) {
    String text = keys.text(name, 1, MAX_KEY);
    if (text == null) {
      return null;
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text.replace('+', '-').replace('/', '_'));
      if (isValid.test(bytes)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      // Reported below.
    }
    keys.addError(name, message);
    return null;
  }

  private static Refusal unavailable() {
    return Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "push notifications are not configured")
        .retryAfter(RETRY_AFTER);
  }
}
