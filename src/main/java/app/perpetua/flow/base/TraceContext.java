package app.perpetua.flow.base;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A span of a trace (W3C Trace Context), with which log lines, jobs and calls to providers can be
 * related to the request that caused them. Immutable.
 *
 * @param traceId 32 hexadecimal digits
 * @param spanId 16 hexadecimal digits
 * @param flags two hexadecimal digits, passed on as received
 */
public record TraceContext(String traceId, String spanId, String flags) {
  /** The name of the header, and of the stored column. */
  public static final String HEADER = "traceparent";

  /** Later versions may append fields (section 3.2.4). */
  private static final Pattern TRACEPARENT =
      Pattern.compile(
          "(?!ff)(?<version>[0-9a-f]{2})-(?!0{32})(?<trace>[0-9a-f]{32})"
              + "-(?!0{16})(?<span>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<more>-.*)?");

  private static final String SAMPLED = "01";
  private static final String KNOWN_VERSION = "00";

  private static final ScopedValue<TraceContext> CURRENT = ScopedValue.newInstance();

  /** Starts a trace. */
  public static TraceContext start() {
    return new TraceContext(randomHex() + randomHex(), randomHex(), SAMPLED);
  }

  /**
   * A new span in the trace of a request or job.
   *
   * @param headers all of that name; unless there is exactly one and it is valid, a trace is
   *     started (section 4.2)
   */
  public static TraceContext continued(List<String> headers) {
    if (headers.size() != 1) {
      return start();
    }
    Matcher matcher = TRACEPARENT.matcher(headers.getFirst().strip());
    boolean valid =
        matcher.matches()
            && (matcher.group("more") == null || !matcher.group("version").equals(KNOWN_VERSION));
    return valid
        ? new TraceContext(matcher.group("trace"), randomHex(), matcher.group("flags"))
        : start();
  }

  /** The span in which the current thread works; empty outside of requests and jobs. */
  public static Optional<TraceContext> current() {
    return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
  }

  /** A new span in the same trace. */
  public TraceContext child() {
    return new TraceContext(traceId, randomHex(), flags);
  }

  /** The header that names this span as the parent. */
  public String traceparent() {
    return KNOWN_VERSION + "-" + traceId + "-" + spanId + "-" + flags;
  }

  /** Works in this span. */
  public void run(Runnable work) {
    ScopedValue.where(CURRENT, this).run(work);
  }

  /** Works in this span and returns the result. */
  public <T> T call(Supplier<T> work) {
    return ScopedValue.where(CURRENT, this).call(work::get);
  }

  /** 16 digits, not all of them 0. */
  private static String randomHex() {
    long random = ThreadLocalRandom.current().nextLong();
    return HexFormat.of().toHexDigits(random == 0 ? 1 : random);
  }
}
