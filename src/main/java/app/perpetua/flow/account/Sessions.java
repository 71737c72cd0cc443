package app.perpetua.flow.account;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Event.SessionEndReason;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.notifications.Notification;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a user: one for each device, and one for clients that name none (FR-137 to
 * FR-139). A session is a family of refresh tokens and ends when its active token is revoked.
 * Methods expect that the user's row is locked, except {@link #list}. Thread-safe.
 */
final class Sessions {
  /** How many sessions a user has at most. */
  static final int MAX = 10;

  private static final System.Logger LOG = System.getLogger(Sessions.class.getName());

  /** A session that was not ended, but whose refresh token may have expired. */
  private record Stored(Session session, Instant expiresAt) {
    static Stored of(Row row, @Nullable UUID current) {
      UUID id = row.uuid("id");
      return new Stored(
          new Session(
              id,
              row.uuidOrNull("device_id"),
              row.textOrNull("device_name"),
              row.textOrNull("device_info"),
              row.textOrNull("address"),
              row.instant("started_at"),
              row.instant("created_at"),
              id.equals(current)),
          row.instant("expires_at"));
    }

    UUID id() {
      return session.id();
    }
  }

  private final Events events;
  private final Notifications notifications;
  private final CachedSessionCheck check;

  Sessions(Events events, Notifications notifications, CachedSessionCheck check) {
    this.events = events;
    this.notifications = notifications;
    this.check = check;
  }

  /**
   * The sessions that can be continued, most recently used first; refuses a deleted account.
   *
   * @param current the session of the request; null if it is unknown
   */
  List<Session> list(Tx tx, @Nullable UUID current) {
    return active(tx, current).stream().map(Stored::session).toList();
  }

  /**
   * Ends the session that a sign-in with this device replaces, and the least recently used of the
   * others, so that there is room for a new one.
   *
   * @param deviceId null for a sign-in without a device
   */
  void makeRoom(Tx tx, @Nullable UUID deviceId) {
    List<Stored> others = stored(tx, null);
    others.stream()
        .filter(stored -> Objects.equals(stored.session().deviceId(), deviceId))
        .forEach(replaced -> revokeActive(tx, replaced.id(), "replaced"));
    others.stream()
        .filter(stored -> !Objects.equals(stored.session().deviceId(), deviceId))
        .skip(MAX - 1)
        .forEach(evicted -> end(tx, evicted, SessionEndReason.EVICTED));
  }

  /** A session was started or continued, so that its access tokens need no look-up for a while. */
  void confirm(UUID id) {
    check.remember(id);
  }

  /**
   * Ends a session.
   *
   * @throws Refusal {@code FORBIDDEN} if another user has it, {@code NOT_FOUND} if it does not
   *     exist or has ended
   */
  void end(Tx tx, UUID id) {
    Stored found =
        active(tx, null).stream()
            .filter(stored -> stored.id().equals(id))
            .findFirst()
            .orElseThrow(() -> tx.missing("account.find_session_owner", "session", id));
    end(tx, found, SessionEndReason.REVOKED);
  }

  /**
   * Ends all sessions but the current one.
   *
   * @param current the session of the request
   * @throws Refusal {@code CONFLICT} if it is null: the access token is of an earlier release
   */
  void endOthers(Tx tx, @Nullable UUID current) {
    if (current == null) {
      throw Refusal.of(
          ErrorCode.CONFLICT, "this access token does not name its session; refresh it and retry");
    }
    active(tx, current).stream()
        .filter(stored -> !stored.session().current())
        .forEach(stored -> end(tx, stored, SessionEndReason.REVOKED));
  }

  /** Ends a session with all of its tokens because the user has signed out on its device. */
  void logOut(Tx tx, UUID id) {
    revokeFamily(tx, id, "logged_out");
    events.emit(tx, new Event.UserLoggedOut(tx.userId()));
  }

  /**
   * Ends a session with all of its tokens because one of them was used a second time, and notifies
   * the user.
   */
  void endStolen(Tx tx, SessionStart session) {
    LOG.log(
        System.Logger.Level.WARNING,
        "refresh token reused: session {0} of user {1} revoked",
        session.id(),
        tx.userId());
    revokeFamily(tx, session.id(), "theft");
    events.emit(tx, new Event.UserSessionRevoked(tx.userId(), session.id()));
    Device device = session.device();
    notifications.add(
        tx,
        Notification.Type.SYSTEM,
        "A session was ended for your safety",
        (device == null ? "A session" : "The session on “" + device.name() + "”")
            + " was ended because a sign-in token of it was used twice, which happens if the token"
            + " was stolen. Sign in there again. Your other sessions are not affected.",
        null,
        null,
        "session_theft:" + session.id(),
        false);
  }

  private List<Stored> active(Tx tx, @Nullable UUID current) {
    return stored(tx, current).stream()
        .filter(stored -> tx.now().isBefore(stored.expiresAt()))
        .toList();
  }

  private static List<Stored> stored(Tx tx, @Nullable UUID current) {
    return tx.sql("account.find_sessions")
        .oneToMany(_ -> true, row -> Stored.of(row, current))
        .many();
  }

  private void end(Tx tx, Stored stored, SessionEndReason reason) {
    revokeActive(tx, stored.id(), reason.wireName());
    if (tx.now().isBefore(stored.expiresAt())) {
      events.emit(tx, new Event.UserSessionEnded(tx.userId(), stored.id(), reason));
    }
  }

  private void revokeActive(Tx tx, UUID family, String reason) {
    tx.sql("account.end_session").bind("family", family).bind("reason", reason).atCommit();
    tx.afterCommit(() -> check.forget(family));
  }

  private void revokeFamily(Tx tx, UUID family, String reason) {
    tx.sql("account.revoke_family").bind("family", family).bind("reason", reason).atCommit();
    tx.afterCommit(() -> check.forget(family));
  }
}
