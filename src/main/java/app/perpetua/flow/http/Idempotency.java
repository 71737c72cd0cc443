package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.parsing.Formats;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Records of requests with an {@code Idempotency-Key} (FR-059,
 * draft-ietf-httpapi-idempotency-key-header). The record of a write commits with the write, so a
 * retry finds both or neither.
 */
public final class Idempotency {
  /** The constraint that a second record for one key violates. */
  static final String ONE_RECORD_PER_KEY = "idempotency_keys_pkey";

  /** Headers of a replayed answer. */
  static final Map<String, String> REPLAYED = Map.of("X-Idempotent-Replayed", "true");

  private static final Duration RETENTION = Duration.ofHours(24);

  /**
   * @param path path and query
   * @param fingerprint SHA-256 of method, path and body
   */
  record KeyedRequest(UUID key, String method, String path, byte[] fingerprint) {}

  /** A stored answer; {@code body} is null for an empty one. */
  record Replay(int status, @Nullable String body) {
    byte[] bytes() {
      return Objects.requireNonNull(body).getBytes(StandardCharsets.UTF_8);
    }

    Reply reply() {
      return new Reply.WithHeaders(
          body == null ? new Reply.Body(status, null) : Reply.Bytes.json(status, bytes()),
          REPLAYED);
    }
  }

  private record StoredRecord(
      LockedUser owner,
      boolean locked,
      byte @Nullable [] fingerprint,
      @Nullable String state,
      @Nullable Integer status,
      @Nullable String body) {
    static StoredRecord of(Row row) {
      return new StoredRecord(
          LockedUser.of(row),
          row.bool("locked"),
          row.bytesOrNull("fingerprint"),
          row.textOrNull("state"),
          row.integerOrNull("status"),
          row.textOrNull("body"));
    }

    boolean isPending() {
      return "open".equals(state);
    }
  }

  /** Ends the transaction of a request that has been answered before; it changes nothing. */
  static final class Replayed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Replay replay;

    private Replayed(Replay replay) {
      super("answered before", null, false, false);
      this.replay = replay;
    }

    Replay replay() {
      return replay;
    }
  }

  private Idempotency() {}

  /**
   * Parses the header; the UUID may be quoted.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is malformed, or missing where it is required
   */
  static @Nullable UUID key(@Nullable String header, boolean required) {
    if (header == null) {
      if (required) {
        throw Refusal.invalid("Idempotency-Key", "is required: a new UUID for each change");
      }
      return null;
    }
    String bare = header.strip();
    if (bare.length() > 2 && bare.startsWith("\"") && bare.endsWith("\"")) {
      bare = bare.substring(1, bare.length() - 1);
    }
    UUID key = Formats.uuid(bare);
    if (key == null) {
      throw Refusal.invalid("Idempotency-Key", Formats.INVALID_UUID);
    }
    return key;
  }

  static KeyedRequest keyed(UUID key, String method, String path, byte[] body) {
    byte[] line = (method + " " + path + "\n").getBytes(StandardCharsets.UTF_8);
    return new KeyedRequest(key, method, path, Sha256.hash(line, body));
  }

  /**
   * Opens a transaction ({@link Query#open}): locks the owner and looks the stored answer up. The
   * transaction's next step throws {@link Replayed} if there is one, or a refusal: {@code
   * UNAUTHORIZED} if the account does not exist, {@code IDEMPOTENCY_KEY_REUSED}, {@code
   * IDEMPOTENCY_IN_PROGRESS}.
   */
  static void open(Tx tx, KeyedRequest request) {
    lockAndFind(tx, request)
        .open(
            StoredRecord::of,
            found -> {
              StoredRecord stored = locked(tx, found);
              if (stored.fingerprint() == null) {
                if (!stored.locked()) {
                  throw inProgress();
                }
              } else {
                throw new Replayed(replay(stored, request));
              }
            });
  }

  private static Replay replay(StoredRecord stored, KeyedRequest request) {
    if (!MessageDigest.isEqual(stored.fingerprint(), request.fingerprint())) {
      throw Refusal.of(
          ErrorCode.IDEMPOTENCY_KEY_REUSED,
          "this Idempotency-Key was used for a different request");
    }
    if (stored.status() == null || stored.isPending()) {
      throw inProgress();
    }
    return new Replay(stored.status(), stored.body());
  }

  /**
   * Returns whether a request's record is pending. First statement of a transaction: locks the
   * owner.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account does not exist
   */
  static boolean isPending(Tx tx, KeyedRequest request) {
    return locked(tx, lockAndFind(tx, request).one(StoredRecord::of)).isPending();
  }

  private static Query lockAndFind(Tx tx, KeyedRequest request) {
    return tx.sql("idempotency.lock_and_find")
        .bind("key", request.key())
        .bind("horizon", tx.now().minus(RETENTION));
  }

  private static StoredRecord locked(Tx tx, Optional<StoredRecord> found) {
    StoredRecord stored =
        found.orElseThrow(
            () -> Refusal.of(ErrorCode.UNAUTHORIZED, "the account does not exist; sign in again"));
    tx.setOwner(stored.owner());
    return stored;
  }

  /** Stores the response of a write at commit; a refusal is not stored, which frees the key. */
  static void storeResponse(Tx tx, KeyedRequest request, Reply reply) {
    switch (reply) {
      case Reply.Bytes bytes -> storeResponse(tx, request, bytes.status(), bytes.text());
      case Reply.Body empty -> storeResponse(tx, request, empty.status(), null);
      case Reply.Refused _ -> {}
      case Reply.Failed _, Reply.Stream _, Reply.WithHeaders _, Reply.WithNext _ ->
          throw new IllegalStateException("only a status and a body can be stored");
    }
  }

  private static void storeResponse(
      Tx tx, KeyedRequest request, int status, @Nullable String body) {
    record(tx, "idempotency.store_response", request)
        .bind("status", status)
        .bind("body", body)
        .atCommit();
  }

  /** Stores a pending record at commit, for a request that calls a provider. */
  static void insertPending(Tx tx, KeyedRequest request) {
    record(tx, "idempotency.insert_pending", request).atCommit();
  }

  private static Query record(Tx tx, String statement, KeyedRequest request) {
    return tx.sql(statement)
        .bind("key", request.key())
        .bind("method", request.method())
        .bind("path", request.path())
        .bind("fingerprint", request.fingerprint());
  }

  /** Stores the response in a pending record at commit. */
  static void complete(Tx tx, KeyedRequest request, Reply.Bytes answer) {
    tx.sql("idempotency.complete")
        .bind("key", request.key())
        .bind("status", answer.status())
        .bind("body", answer.text())
        .atCommit();
  }

  /**
   * Deletes a pending record, which frees its key.
   *
   * @param tx acts for the owner, whose row is locked
   * @return false if there is none: the request was settled, or its key was freed
   */
  public static boolean release(Tx tx, UUID key) {
    return tx.sql("idempotency.release").bind("key", key).run() > 0;
  }

  /**
   * Deletes records older than 24 hours, of all users.
   *
   * @param tx acts for the system
   * @return how many, at most {@code batch}
   */
  public static int deleteExpired(Tx tx, int batch) {
    return tx.sql("idempotency.delete_expired")
        .bind("horizon", tx.now().minus(RETENTION))
        .bind("count", batch)
        .run();
  }

  static Refusal inProgress() {
    return Refusal.of(
            ErrorCode.IDEMPOTENCY_IN_PROGRESS, "the first request with this key is in progress")
        .retryAfter(Duration.ofSeconds(1));
  }
}
