package app.perpetua.flow.http;

import app.perpetua.flow.http.limits.Admission;
import app.perpetua.flow.http.limits.Permit;
import app.perpetua.flow.http.limits.RateLimiter;
import app.perpetua.flow.http.limits.RateLimiter.Decision;
import app.perpetua.flow.parsing.EntityTags;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import io.helidon.http.HeaderNames;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Answers requests for capability URLs ({@link Route#capability}). Thread-safe. */
final class CapabilityReads {
  /** Requests for one URL in any 60 seconds; calendars ask every few minutes at most. */
  private static final int LIMIT = 10;

  private final Db db;
  private final Authentication authentication;
  private final RateLimiter limiter;
  private final Admission admission;

  CapabilityReads(Db db, Authentication authentication, RateLimiter limiter, Admission admission) {
    this.db = db;
    this.authentication = authentication;
    this.limiter = limiter;
    this.admission = admission;
  }

  /**
   * Answers 304, after one statement, if the client has the representation. The entity tag is weak:
   * data that changes between look-up and read is sent with the earlier tag, and sent again.
   *
   * @param known entity tags that the client has; null if it names none
   * @param counted receives the count of the request
   */
  Reply answer(
      Route.CapabilityLookup lookup,
      Request request,
      @Nullable EntityTags known,
      Consumer<Decision> counted) {
    Route.Capability found =
        authentication.requireKnown(
            request.client(), () -> db.statement(tx -> lookup.find(request, tx)), counted);
    Decision decision = limiter.tryAcquire(Route.Bucket.CAPABILITY.policy(), found.id(), LIMIT);
    counted.accept(decision);
    decision.check();
    String tag = "W/" + found.entityTag();
    if (known != null && known.matchWeakly(found.entityTag())) {
      return Preconditions.notModified(tag);
    }
    try (Permit _ = admission.read(found.id())) {
      return new Reply.WithHeaders(
          db.read(Actor.user(found.userId(), request.id()), found.read()),
          Map.of(HeaderNames.ETAG_NAME, tag));
    }
  }
}
