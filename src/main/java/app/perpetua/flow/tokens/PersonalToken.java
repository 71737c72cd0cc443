package app.perpetua.flow.tokens;

import app.perpetua.flow.http.auth.Scope;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A personal access token without its secret, as defined by the API contract. Immutable once
 * created, except for its last use.
 *
 * @param scopes in the order of the contract
 * @param lastUsedAt to the minute; null if it has not been used
 */
record PersonalToken(
    UUID id,
    String name,
    List<Scope> scopes,
    Instant createdAt,
    Instant expiresAt,
    @Nullable Instant lastUsedAt) {
  static PersonalToken of(Row row) {
    return new PersonalToken(
        row.uuid("id"),
        row.text("name"),
        Scopes.parse(row.text("scopes")),
        row.instant("created_at"),
        row.instant("expires_at"),
        row.instantOrNull("last_used_at"));
  }
}
