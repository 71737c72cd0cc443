package app.perpetua.flow.http;

import app.perpetua.flow.base.Code;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Owner;
import app.perpetua.flow.sql.Tx;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code Idempotency-Key} (FR-059, draft-ietf-httpapi-idempotency-key-header): the record of an
 * answered write commits with the write itself, so a repeat finds either both or neither.
 * Thread-safe.
 */
final class Idempotency {
  /** The constraint that a second record for one key violates. */
  static final String ONE_RECORD_PER_KEY = "idempotency_keys_pkey";

  private static final Duration KEPT = Duration.ofHours(24);

  /** Callers of one key wait for each other here, before they take a connection. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  /**
   * A keyed request.
   *
   * @param key the client's key
   * @param method the HTTP method
   * @param path path and query
   * @param fingerprint SHA-256 over method, path and body
   */
  record Keyed(UUID key, String method, String path, byte[] fingerprint) {}

  /** A stored answer; the body is null for an empty one. */
  record Replay(int status, @Nullable String body) {}

  private record Holder(UUID userId, UUID key) {}

  private record Found(
      Owner owner,
      boolean locked,
      byte @Nullable [] fingerprint,
      @Nullable String state,
      @Nullable Integer status,
      @Nullable String body) {
    boolean isOpen() {
      return "open".equals(state);
    }
  }

  private final Turns<Holder> turns = new Turns<>(1, PATIENCE);

  /**
   * Reads the header, bare or quoted.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is malformed, or missing where it is required
   */
  static @Nullable UUID key(@Nullable String header, boolean required) {
    if (header == null) {
      if (required) {
        throw Refusal.invalid(
            "Idempotency-Key", "is required: a UUID made once per intended change");
      }
      return null;
    }
    String bare = header.strip();
    if (bare.length() > 2 && bare.startsWith("\"") && bare.endsWith("\"")) {
      bare = bare.substring(1, bare.length() - 1);
    }
    UUID key = Text.uuid(bare);
    if (key == null) {
      throw Refusal.invalid("Idempotency-Key", Text.NO_UUID);
    }
    return key;
  }

  static Keyed keyed(UUID key, String method, String path, byte[] body) {
    MessageDigest digest = sha256();
    digest.update(
        (method.toUpperCase(Locale.ROOT) + " " + path + "\n").getBytes(StandardCharsets.UTF_8));
    return new Keyed(key, method, path, digest.digest(body));
  }

  /** Lets callers with the same user and key pass one at a time. */
  <T> T inTurn(UUID userId, Keyed request, Supplier<T> work) {
    return turns.take(new Holder(userId, request.key()), work).orElseThrow(Idempotency::inProgress);
  }

  /**
   * First statement of a keyed write: locks the owner and looks for an earlier answer.
   *
   * @return the stored answer, if this request was answered before
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone, {@code IDEMPOTENCY_KEY_REUSED},
   *     {@code IDEMPOTENCY_IN_PROGRESS}
   */
  Optional<Replay> open(Tx tx, Keyed request) {
    Found found = find(tx, request);
    if (found.fingerprint() == null) {
      if (!found.locked()) {
        throw inProgress();
      }
      return Optional.empty();
    }
    if (!MessageDigest.isEqual(found.fingerprint(), request.fingerprint())) {
      throw Refusal.of(
          Code.IDEMPOTENCY_KEY_REUSED, "this Idempotency-Key was used for a different request");
    }
    if (found.status() == null || found.isOpen()) {
      throw inProgress();
    }
    return Optional.of(new Replay(found.status(), found.body()));
  }

  /** Opens the record of a request that asks somebody else; it commits with the reservation. */
  void reserve(Tx tx, Keyed request) {
    tx.sql("idempotency.reserve")
        .bind("key", request.key())
        .bind("method", request.method())
        .bind("path", request.path())
        .bind("fingerprint", request.fingerprint())
        .atCommit();
  }

  /**
   * First statement of the settlement: locks the owner.
   *
   * @return false if the record is no longer open, and nothing is left to settle
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  boolean reopen(Tx tx, Keyed request) {
    return find(tx, request).isOpen();
  }

  /** Closes the record with an answer. */
  void settle(Tx tx, Keyed request, int status, byte[] body) {
    tx.sql("idempotency.settle")
        .bind("key", request.key())
        .bind("status", status)
        .bind("body", new String(body, StandardCharsets.UTF_8))
        .atCommit();
  }

  /**
   * Removes an open record, which frees its key.
   *
   * @return false if there is none
   */
  static boolean release(Tx tx, UUID key) {
    return tx.sql("idempotency.release").bind("key", key).run() > 0;
  }

  /** The record as it is, with the owner locked. */
  private static Found find(Tx tx, Keyed request) {
    Found found =
        tx.sql("idempotency.open")
            .bind("key", request.key())
            .bind("horizon", tx.now().minus(KEPT))
            .one(
                row ->
                    new Found(
                        Owner.of(row),
                        row.bool("locked"),
                        row.bytesOrNull("fingerprint"),
                        row.textOrNull("state"),
                        row.integerOrNull("status"),
                        row.textOrNull("body")))
            .orElseThrow(() -> Refusal.of(Code.UNAUTHORIZED, "sign in again"));
    tx.opened(found.owner());
    return found;
  }

  /** Keeps a successful answer; it commits with the change. */
  void keep(Tx tx, Keyed request, int status, byte @Nullable [] body) {
    tx.sql("idempotency.keep")
        .bind("key", request.key())
        .bind("method", request.method())
        .bind("path", request.path())
        .bind("fingerprint", request.fingerprint())
        .bind("status", status)
        .bind("body", body == null ? null : new String(body, StandardCharsets.UTF_8))
        .atCommit();
  }

  /** Deletes records that no longer count, of all users; at most so many. */
  static int deleteOutlived(Tx tx, int batch) {
    return tx.sql("idempotency.delete_outlived")
        .bind("horizon", tx.now().minus(KEPT))
        .bind("count", batch)
        .run();
  }

  private static Refusal inProgress() {
    return Refusal.of(
            Code.IDEMPOTENCY_IN_PROGRESS, "the first request with this key is still running")
        .retryAfter(Duration.ofSeconds(1));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
