package app.perpetua.flow.account;

import java.util.Base64;
import java.util.regex.Pattern;

/**
 * Checks the form of a signed token (RFC 7515, section 7.1). Lenient base64 decoders ignore foreign
 * characters and unused bits, so one signature has many encodings; only the canonical one passes.
 */
public final class CompactJws {
  private static final Pattern FORM =
      Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*");

  private CompactJws() {}

  /** True for three parts in base64url, the last of which may be empty (an unsigned token). */
  public static boolean isCompact(String token) {
    return FORM.matcher(token).matches();
  }

  /** True if it is compact and the encoding of its signature is canonical. */
  public static boolean isCanonical(String token) {
    if (!isCompact(token)) {
      return false;
    }
    String signature = token.substring(token.lastIndexOf('.') + 1);
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(signature);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(signature);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
