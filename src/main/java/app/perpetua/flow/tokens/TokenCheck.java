package app.perpetua.flow.tokens;

import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Refuses personal access tokens that were revoked, which each transaction reads (FR-156), and
 * passes access tokens on. Thread-safe.
 */
final class TokenCheck implements SessionCheck {
  private final SessionCheck sessions;
  private final Db db;

  TokenCheck(SessionCheck sessions, Db db) {
    this.sessions = sessions;
    this.db = db;
  }

  @Override
  public void requireActive(Tx tx, Principal principal) {
    if (principal.personalToken() == null) {
      sessions.requireActive(tx, principal);
      return;
    }
    tx.sql("tokens.find_active")
        .bind("id", principal.tokenId())
        .open(
            row -> row.instant("expires_at"),
            found -> {
              if (found.isEmpty()) {
                throw Authenticator.unauthorized();
              }
            });
  }

  @Override
  public void requireActive(UUID userId, @Nullable UUID sessionId) {
    sessions.requireActive(userId, sessionId);
  }

  @Override
  public Set<Principal> ended(Collection<Principal> principals) {
    List<Principal> ofTokens = principals.stream().filter(p -> p.personalToken() != null).toList();
    Set<Principal> ended =
        new HashSet<>(
            sessions.ended(principals.stream().filter(p -> p.personalToken() == null).toList()));
    if (!ofTokens.isEmpty()) {
      Set<UUID> active = active(ofTokens);
      ofTokens.stream().filter(p -> !active.contains(p.tokenId())).forEach(ended::add);
    }
    return ended;
  }

  private Set<UUID> active(List<Principal> principals) {
    Set<UUID> ids = principals.stream().map(Principal::tokenId).collect(Collectors.toSet());
    return Set.copyOf(
        db.statement(
            tx ->
                tx.sql("tokens.find_active_of_streams")
                    .bind("ids", ids)
                    .list(row -> row.uuid("id"))));
  }
}
