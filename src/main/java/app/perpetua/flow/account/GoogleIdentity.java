package app.perpetua.flow.account;

import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A person as Google knows them.
 *
 * @param subject Google's id of the account: the key, where an e-mail address may change hands
 * @param email the verified address
 * @param name never blank, at most 100 code points
 * @param avatarUrl an https address; null if there is none
 */
public record GoogleIdentity(
    String subject, String email, String name, @Nullable String avatarUrl) {
  private static final int MAX_SUBJECT = 255;
  private static final int MAX_EMAIL = 320;
  private static final int MAX_NAME = 100;
  private static final int MAX_AVATAR_URL = 2048;

  /**
   * Made from claims. What identifies must fit as it is; what is only shown is made to fit, and a
   * missing name is the address's local part.
   *
   * @throws IllegalArgumentException if subject or address cannot be one
   */
  public static GoogleIdentity of(
      String subject, String email, @Nullable String name, @Nullable String picture) {
    if (!fits(subject, MAX_SUBJECT) || !fits(email, MAX_EMAIL) || email.indexOf('@') < 1) {
      throw new IllegalArgumentException("subject or e-mail address");
    }
    String shown = name == null ? "" : TextSanitizer.singleLine(name, MAX_NAME);
    if (shown.isEmpty()) {
      shown = TextSanitizer.singleLine(email.substring(0, email.lastIndexOf('@')), MAX_NAME);
    }
    return new GoogleIdentity(subject, email, shown, https(picture));
  }

  private static boolean fits(String text, int max) {
    return !text.isEmpty() && text.equals(TextSanitizer.singleLine(text, max));
  }

  private static @Nullable String https(@Nullable String picture) {
    if (picture == null) {
      return null;
    }
    try {
      URI uri = new URI(picture);
      String ascii = uri.toASCIIString();
      boolean usable = "https".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null;
      return usable && ascii.length() <= MAX_AVATAR_URL ? ascii : null;
    } catch (URISyntaxException e) {
      return null;
    }
  }
}
