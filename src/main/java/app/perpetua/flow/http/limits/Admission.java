package app.perpetua.flow.http.limits;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.ConnectionQueue;
import java.time.Duration;
import java.util.UUID;

/**
 * Limits how many requests run at once: per user, and in all by the bounded queue for the
 * connections ({@link ConnectionQueue}). When that is full, requests are rejected at once. A
 * request acquires its permit after its body is read, so that a slow upload holds none, and a
 * request that waits for others of its user takes no place in the queue. Users are told apart by
 * {@code Principal.limitId()}. Thread-safe.
 */
public final class Admission {
  /** More would allow one user to exhaust the connection pool. */
  private static final int PER_USER = 20;

  /**
   * The limit of a user's concurrent requests, as an item of {@code RateLimit-Policy}
   * (draft-ietf-httpapi-ratelimit-headers-10).
   */
  public static final String POLICY =
      "\"concurrent\";q=" + PER_USER + ";qu=\"concurrent-requests\"";

  /** The time that a request's database work may take. */
  private static final Duration USER_TIMEOUT = Duration.ofSeconds(5);

  private final KeyedSemaphore<UUID> users =
      new KeyedSemaphore<>(PER_USER, USER_TIMEOUT, Admission::tooMany);

  /** Serializes a user's writes before they take a connection to wait for the owner's row lock. */
  private final KeyedSemaphore<UUID> writers =
      new KeyedSemaphore<>(1, USER_TIMEOUT, Admission::tooMany);

  private final SearchAdmission searches;
  private final ConnectionQueue connections;

  public Admission(ConnectionQueue connections) {
    this(new SearchAdmission(), connections);
  }

  Admission(SearchAdmission searches, ConnectionQueue connections) {
    this.searches = searches;
    this.connections = connections;
  }

  /**
   * Refuses a request that would wait for too long, before any work is done for it.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} if too many requests are running
   */
  public void requireRoom() {
    connections.requireRoom();
  }

  /**
   * Admits a user's read.
   *
   * @throws Refusal {@code RATE_LIMIT_EXCEEDED} if the user has too many requests running, {@code
   *     SERVICE_UNAVAILABLE} if all users together have
   */
  public Permit read(UUID limitId) {
    return ifRoom(users.acquire(limitId));
  }

  /**
   * Admits a user's search, which first waits for other searches. It does not count towards the
   * user's limit, so that waiting searches do not block the user's other requests.
   *
   * @throws Refusal {@code RATE_LIMIT_EXCEEDED} if too many searches are running, {@code
   *     SERVICE_UNAVAILABLE} if too many requests are
   */
  public Permit search(UUID limitId) {
    return ifRoom(searches.acquire(limitId));
  }

  /**
   * Admits a user's write; one runs at a time.
   *
   * @throws Refusal as {@link #read}
   */
  public Permit write(UUID limitId) {
    return ifRoom(users.acquire(limitId).and(() -> writers.acquire(limitId)));
  }

  /** Asks again, because the queue may have grown while the request waited for its permits. */
  private Permit ifRoom(Permit permit) {
    try {
      connections.requireRoom();
      return permit;
    } catch (Refusal e) {
      permit.close();
      throw e;
    }
  }

  private static Refusal tooMany() {
    return Refusal.of(ErrorCode.RATE_LIMIT_EXCEEDED, "more than " + PER_USER + " requests at once")
        .retryAfter(Duration.ofSeconds(1));
  }
}
