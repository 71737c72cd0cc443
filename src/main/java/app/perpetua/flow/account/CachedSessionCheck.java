package app.perpetua.flow.account;

import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Remembers for ten seconds whether a session was ended. Thread-safe. */
final class CachedSessionCheck implements SessionCheck {
  /** How long a session that another process has ended may be accepted. */
  static final Duration LIFETIME = Duration.ofSeconds(10);

  /** About 2 MB. */
  private static final int SIZE = 20_000;

  /**
   * What is known of a session. Stored before the query, so that its ten seconds begin before it,
   * and so that an answer that {@link #forget} has overtaken is dropped with it.
   */
  private static final class Answer {
    private volatile boolean known;
    private volatile boolean ended;

    Answer() {}

    /** Requests without an answer ask at the same time; an end is final. */
    void set(boolean isEnded) {
      if (isEnded) {
        ended = true;
      }
      known = true;
    }

    boolean isKnown() {
      return known;
    }

    void check() {
      if (ended) {
        throw Authenticator.unauthorized();
      }
    }
  }

  private final Db db;
  private final Cache<UUID, Answer> answers;

  /**
   * @param ticker real time
   */
  CachedSessionCheck(Db db, Ticker ticker) {
    this.db = db;
    this.answers =
        Caffeine.newBuilder()
            .maximumSize(SIZE)
            .expireAfterWrite(LIFETIME)
            .ticker(ticker)
            .executor(Runnable::run)
            .build();
  }

  @Override
  public void requireActive(Tx tx, Principal principal) {
    UUID sessionId = principal.sessionId();
    if (sessionId == null) {
      return;
    }
    Answer answer = answers.get(sessionId, _ -> new Answer());
    if (answer.isKnown()) {
      answer.check();
    } else {
      query(tx, sessionId)
          .open(
              CachedSessionCheck::ended,
              found -> {
                answer.set(isEnded(found));
                answer.check();
              });
    }
  }

  @Override
  public void requireActive(UUID userId, @Nullable UUID sessionId) {
    if (sessionId == null) {
      return;
    }
    Answer answer = answers.get(sessionId, _ -> new Answer());
    if (!answer.isKnown()) {
      answer.set(
          db.read(
              Actor.user(userId, null),
              tx -> isEnded(query(tx, sessionId).one(CachedSessionCheck::ended))));
    }
    answer.check();
  }

  @Override
  public Set<Principal> ended(Collection<Principal> principals) {
    List<UUID> families =
        principals.stream().map(Principal::sessionId).filter(Objects::nonNull).toList();
    Set<UUID> ended =
        Set.copyOf(
            db.statement(
                tx ->
                    tx.sql("account.find_ended_sessions")
                        .bind("families", families)
                        .list(row -> row.uuid("family"))));
    return principals.stream()
        .filter(p -> p.sessionId() != null && ended.contains(p.sessionId()))
        .collect(Collectors.toSet());
  }

  /**
   * Remembers that a session is active. Call it before the commit, while the user's row is locked:
   * what ends the session then commits, and calls {@link #forget}, later.
   */
  void remember(UUID sessionId) {
    Answer answer = new Answer();
    answer.set(false);
    answers.put(sessionId, answer);
  }

  /** The next request asks again; call it after the commit that ends the session. */
  void forget(UUID sessionId) {
    answers.invalidate(sessionId);
  }

  private static Query query(Tx tx, UUID sessionId) {
    return tx.sql("account.find_session_end").bind("family", sessionId);
  }

  private static boolean ended(Row row) {
    return row.bool("ended");
  }

  /** A session without tokens has ended: they are kept for a week, longer than access tokens. */
  private static boolean isEnded(Optional<Boolean> found) {
    return found.orElse(true);
  }
}
