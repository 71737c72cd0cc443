package app.perpetua.flow.http;

import io.helidon.http.DateTime;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The one date form that HTTP may send: IMF-fixdate (RFC 9110, 5.6.7). */
public final class HttpDate {
  /** The JDK's RFC 1123 form has days of one digit, which IMF-fixdate does not allow. */
  private static final DateTimeFormatter FORM =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private HttpDate() {}

  /** For {@code Date}, which Helidon would write in the machine's time zone. */
  public static String now() {
    return of(DateTime.timestamp().toInstant());
  }

  public static String of(Instant instant) {
    return FORM.format(instant);
  }
}
