package app.perpetua.flow.account;

import org.jspecify.annotations.Nullable;

/**
 * Where a session is used from.
 *
 * @param userAgent as the client names itself, cut at 500 code points; null if it does not
 * @param ip the client's address
 */
public record ClientInfo(@Nullable String userAgent, String ip) {
  private static final int MAX_USER_AGENT = 500;

  /** Made from what a stranger sent. */
  public static ClientInfo of(@Nullable String userAgent, String ip) {
    String shown = userAgent == null ? "" : TextSanitizer.singleLine(userAgent, MAX_USER_AGENT);
    return new ClientInfo(shown.isEmpty() ? null : shown, ip);
  }
}
