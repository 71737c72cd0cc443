package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.connection.RequestBody;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import org.jspecify.annotations.Nullable;

/** Reads the body of a request that is not a file. */
final class JsonBody {
  static final String MERGE_PATCH = "application/merge-patch+json";

  private static final String JSON = "application/json";

  private JsonBody() {}

  /** The body; that of a GET request is read, so that it is valid, and ignored. */
  static byte[] read(Route route, ServerRequest request, ServerResponse response) {
    if (route.method() == Route.Verb.GET) {
      RequestBody.read(request);
      return new byte[0];
    }
    RequestBody.requireNoEncoding(request, response);
    byte[] body = RequestBody.read(request);
    if (body.length > 0
        && !isAccepted(route, request.headers().first(HeaderNames.CONTENT_TYPE).orElse(null))) {
      throw Refusal.of(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE,
          route.method() == Route.Verb.PATCH
              ? "the body must be " + JSON + " or " + MERGE_PATCH
              : "the body must be " + JSON);
    }
    return body;
  }

  /** Ignores parameters: {@code charset} has no effect (RFC 8259, section 11). */
  private static boolean isAccepted(Route route, @Nullable String contentType) {
    if (contentType == null) {
      return false;
    }
    int parameters = contentType.indexOf(';');
    String type = (parameters < 0 ? contentType : contentType.substring(0, parameters)).strip();
    return type.equalsIgnoreCase(JSON)
        || (route.method() == Route.Verb.PATCH && type.equalsIgnoreCase(MERGE_PATCH));
  }
}
