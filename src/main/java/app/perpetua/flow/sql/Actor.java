package app.perpetua.flow.sql;

import app.perpetua.flow.base.WireName;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * On whose behalf a transaction runs; every activity entry records it.
 *
 * @param userId the owner of every row that is read or written; null for the system itself, which
 *     then runs only statements marked {@code -- scope: system}
 * @param source who decided
 * @param requestId the request that caused it; null for jobs
 */
public record Actor(@Nullable UUID userId, Source source, @Nullable String requestId) {
  /** Who decided: the person, the assistant after the person's confirmation, or a job. */
  public enum Source implements WireName {
    USER,
    AI,
    SYSTEM
  }

  /** A person acting through a request. */
  public static Actor user(UUID userId, @Nullable String requestId) {
    return new Actor(userId, Source.USER, requestId);
  }

  /** The service acting by itself, for no user yet. */
  public static Actor system(@Nullable String requestId) {
    return new Actor(null, Source.SYSTEM, requestId);
  }
}
