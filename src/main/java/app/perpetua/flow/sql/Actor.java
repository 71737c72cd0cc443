package app.perpetua.flow.sql;

import app.perpetua.flow.base.WireName;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * On whose behalf a transaction runs. Activity entries record it.
 *
 * @param userId the owner of all rows that are read or written; null for the system, which may run
 *     statements marked {@code -- scope: system}
 * @param source who decided on the change
 * @param requestId null for jobs
 * @param token the personal access token that the request was made with; null for none
 */
public record Actor(
    @Nullable UUID userId, Source source, @Nullable String requestId, @Nullable Token token) {
  /**
   * A personal access token.
   *
   * @param name as the user has named it
   */
  public record Token(UUID id, String name) {}

  /** Who decided: the person, the assistant after the person's confirmation, or a job. */
  public enum Source implements WireName {
    USER,
    AI,
    SYSTEM
  }

  public static Actor user(UUID userId, @Nullable String requestId) {
    return new Actor(userId, Source.USER, requestId, null);
  }

  /** The user, by a program with a token. */
  public static Actor token(UUID userId, @Nullable String requestId, Token token) {
    return new Actor(userId, Source.USER, requestId, token);
  }

  public static Actor system(@Nullable String requestId) {
    return new Actor(null, Source.SYSTEM, requestId, null);
  }
}
