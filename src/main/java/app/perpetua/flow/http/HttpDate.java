package app.perpetua.flow.http;

import io.helidon.http.DateTime;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Formats dates as IMF-fixdate, the only form that HTTP headers may contain (RFC 9110, 5.6.7). */
public final class HttpDate {
  /**
   * The RFC 1123 formats of the JDK and Helidon write one-digit days, which IMF-fixdate forbids.
   */
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private HttpDate() {}

  /** For the {@code Date} header, which Helidon writes in the machine's time zone. */
  public static String now() {
    return of(DateTime.timestamp().toInstant());
  }

  public static String of(Instant instant) {
    return FORMAT.format(instant);
  }
}
