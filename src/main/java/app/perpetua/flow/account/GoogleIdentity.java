package app.perpetua.flow.account;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A verified Google account.
 *
 * @param subject Google's id of the account; unlike the e-mail address, it never changes
 * @param email verified by Google
 * @param name not blank, at most 100 code points
 * @param avatarUrl an https URL; null if there is none
 */
public record GoogleIdentity(
    String subject, String email, String name, @Nullable String avatarUrl) {
  private static final int MAX_SUBJECT = 255;
  private static final int MAX_EMAIL = 320;
  private static final int MAX_NAME = 100;
  private static final int MAX_AVATAR_URL = 2048;

  /**
   * Creates an identity from claims. Sanitizes the name; a missing or invisible name is replaced by
   * the local part of the address, and an invisible local part by the address.
   *
   * @throws IllegalArgumentException if subject or address is not valid
   */
  public static GoogleIdentity of(
      String subject, String email, @Nullable String name, @Nullable String picture) {
    if (!isClean(subject, MAX_SUBJECT) || !isClean(email, MAX_EMAIL) || email.indexOf('@') < 1) {
      throw new IllegalArgumentException("invalid subject or e-mail address");
    }
    return new GoogleIdentity(subject, email, displayName(name, email), https(picture));
  }

  private static String displayName(@Nullable String name, String email) {
    String localPart = email.substring(0, email.lastIndexOf('@'));
    return Stream.of(name == null ? "" : name, localPart)
        .map(candidate -> TextSanitizer.singleLine(candidate, MAX_NAME))
        .filter(candidate -> !TextSanitizer.isInvisible(candidate))
        .findFirst()
        .orElseGet(() -> TextSanitizer.singleLine(email, MAX_NAME));
  }

  private static boolean isClean(String text, int max) {
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
