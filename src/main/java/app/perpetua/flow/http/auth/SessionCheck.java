package app.perpetua.flow.http.auth;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Refuses the access tokens of sessions that were ended before the tokens expire, and personal
 * access tokens that were revoked. The end of a session that another process has committed is
 * noticed within ten seconds, one in this process at once; what is remembered of a session costs no
 * query. Personal access tokens are looked up each time. Implementations are thread-safe.
 */
public interface SessionCheck {
  /**
   * Requires that a verified token is still accepted. If that is not remembered, opens the
   * transaction with a query ({@link app.perpetua.flow.sql.Query#open}), whose refusal precedes
   * everything else.
   *
   * @param tx acts for the token's user
   * @throws Refusal {@link Authenticator#unauthorized} if it was ended, at once or by the next step
   *     of the transaction
   */
  void requireActive(Tx tx, Principal principal);

  /**
   * As above for the session of an access token, without a transaction: for sockets. If the answer
   * is not remembered, waits for the database.
   *
   * @param sessionId null for a token of an earlier release, which is accepted
   * @throws Refusal {@link Authenticator#unauthorized} if it was ended
   */
  void requireActive(UUID userId, @Nullable UUID sessionId);

  /**
   * Returns those that are no longer accepted, by a query of the database.
   *
   * @throws app.perpetua.flow.sql.DatabaseException if the statement or the connection fails
   */
  Set<Principal> ended(Collection<Principal> principals);
}
