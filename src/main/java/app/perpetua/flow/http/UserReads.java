package app.perpetua.flow.http;

import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.http.limits.Admission;
import app.perpetua.flow.http.limits.Permit;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Function;

/** Runs reads of a user: within their limits, and after the session was checked. Thread-safe. */
final class UserReads {
  private final Db db;
  private final SessionCheck sessions;
  private final Admission admission;

  UserReads(Db db, SessionCheck sessions, Admission admission) {
    this.db = db;
    this.sessions = sessions;
    this.admission = admission;
  }

  /**
   * Runs a read in a transaction; connection and permit are released before it returns.
   *
   * @throws app.perpetua.flow.base.Refusal as {@link SessionCheck#requireActive} and {@link
   *     Admission#read}, or {@link Admission#search} for {@link SearchWork}
   */
  <T> T run(Actor actor, Principal principal, Function<Tx, T> work) {
    UUID limitId = principal.limitId();
    try (Permit _ =
        work instanceof SearchWork ? admission.search(limitId) : admission.read(limitId)) {
      return db.read(
          actor,
          tx -> {
            sessions.requireActive(tx, principal);
            return work.apply(tx);
          });
    }
  }
}
