package app.perpetua.flow.http;

import app.perpetua.flow.base.Ids;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.regex.Pattern;

/**
 * Determines a request's {@code X-Request-ID}: the client's if it is well-formed, otherwise a
 * generated one. Thread-safe.
 */
public final class RequestId {
  public static final HeaderName HEADER = HeaderNames.create("X-Request-ID");

  /** Safe in log lines and headers. */
  private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  private final Ids ids;

  public RequestId(Ids ids) {
    this.ids = ids;
  }

  public String of(Headers headers) {
    if (headers.contains(HEADER)) {
      Header header = headers.get(HEADER);
      if (header.valueCount() == 1 && WELL_FORMED.matcher(header.get()).matches()) {
        return header.get();
      }
    }
    return ids.next().toString();
  }
}
