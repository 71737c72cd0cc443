package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.parsing.EntityTags;
import app.perpetua.flow.sql.Tx;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Conditional requests (RFC 9110, section 13) of routes that declare what they depend on: {@code
 * If-None-Match} of reads, {@code If-Match} of changes. Other preconditions are ignored.
 * Thread-safe.
 */
final class Preconditions {
  /** {@code Cache-Control} of conditional reads: a client may keep the answer, and must ask. */
  static final String REVALIDATE = "private, no-cache";

  private final Json json;

  Preconditions(Json json) {
    this.json = json;
  }

  /**
   * The entity tags that a request depends on; null if it depends on none.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if the header is malformed
   */
  static @Nullable EntityTags of(Route route, ServerRequest request) {
    boolean capability = route.handler() instanceof Route.CapabilityRead;
    if (route.validation() == null && !capability) {
      return null;
    }
    HeaderName name =
        capability || route.handler() instanceof Route.Read
            ? HeaderNames.IF_NONE_MATCH
            : HeaderNames.IF_MATCH;
    List<String> headers = request.headers().values(name);
    return headers.isEmpty() ? null : EntityTags.parse(name.defaultCase(), headers);
  }

  /** The answer of a read, which is 304 without a body if the client has the representation. */
  Reply read(Route route, @Nullable EntityTags known, Reply reply) {
    if (route.validation() == null
        || !(reply.rendered(json)
            instanceof Reply.Bytes(int status, String type, _, byte[] body))) {
      return reply;
    }
    String tag = EntityTags.of(body);
    return known != null && known.matchWeakly(tag)
        ? notModified(tag)
        : new Reply.WithHeaders(
            new Reply.Bytes(status, type, REVALIDATE, body), Map.of(HeaderNames.ETAG_NAME, tag));
  }

  /** 304 with this entity tag. */
  static Reply notModified(String tag) {
    return new Reply.WithHeaders(
        new Reply.Body(Status.NOT_MODIFIED_304.code(), null),
        Map.of(HeaderNames.ETAG_NAME, tag, HeaderNames.CACHE_CONTROL_NAME, REVALIDATE));
  }

  /**
   * The work of a change that first reads its resource, under the owner's lock, if the client names
   * the representation that it has read. Deferred statements are not visible to that read, so it
   * must be the first.
   *
   * @param work refused with {@code PRECONDITION_FAILED} if the resource has another representation
   */
  Function<Tx, Reply> change(
      Route route, @Nullable EntityTags expected, Request request, Function<Tx, Reply> work) {
    Route.Validation validation = route.validation();
    if (validation == null || expected == null) {
      return work;
    }
    Function<Tx, Reply> read = validation.read().prepare(request);
    return tx -> {
      if (!(read.apply(tx).rendered(json) instanceof Reply.Bytes current)) {
        throw new IllegalStateException("a conditional read has a body");
      }
      String tag = EntityTags.of(current.bytes());
      if (!expected.matchStrongly(tag)) {
        throw Refusal.of(
                ErrorCode.PRECONDITION_FAILED, "the resource has changed since it was read")
            .with(Errors.CURRENT_ETAG, tag);
      }
      return work.apply(tx);
    };
  }
}
