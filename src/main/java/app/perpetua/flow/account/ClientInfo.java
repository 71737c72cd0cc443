package app.perpetua.flow.account;

import org.jspecify.annotations.Nullable;

/**
 * The client of a session.
 *
 * @param userAgent at most 500 code points; null if there is none
 */
record ClientInfo(@Nullable String userAgent, String ip) {
  private static final int MAX_USER_AGENT = 500;

  static ClientInfo of(@Nullable String userAgent, String ip) {
    String clean = userAgent == null ? "" : TextSanitizer.singleLine(userAgent, MAX_USER_AGENT);
    return new ClientInfo(clean.isEmpty() ? null : clean, ip);
  }
}
