package app.perpetua.flow.http;

import app.perpetua.flow.base.Ids;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.regex.Pattern;

/** {@code X-Request-ID}: a well-formed one of the client's, else one of ours. Thread-safe. */
public final class RequestId {
  public static final HeaderName HEADER = HeaderNames.create("X-Request-ID");

  /** Nothing that could break a log line or a header. */
  private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  private final Ids ids;

  public RequestId(Ids ids) {
    this.ids = ids;
  }

  /** The id to use for a request with these headers. */
  public String of(Headers headers) {
    if (headers.contains(HEADER)) {
      Header given = headers.get(HEADER);
      if (given.valueCount() == 1 && WELL_FORMED.matcher(given.get()).matches()) {
        return given.get();
      }
    }
    return ids.next().toString();
  }
}
