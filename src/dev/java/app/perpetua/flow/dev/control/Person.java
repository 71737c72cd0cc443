package app.perpetua.flow.dev.control;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Locale;

/**
 * A person with a Google account. The subject is derived from the address, so that an address
 * always means the same account.
 *
 * @param subject Google's id of the account: 21 digits
 * @param email the address
 * @param name the address's first word, capitalised
 */
public record Person(String subject, String email, String name) {
  private static final BigInteger DIGITS_20 = BigInteger.TEN.pow(20);

  /** The person with that address. */
  public static Person of(String email) {
    String local = email.split("[@.+_-]", 2)[0];
    String name =
        local.isEmpty()
            ? email
            : local.substring(0, 1).toUpperCase(Locale.ROOT) + local.substring(1);
    return new Person(subject(email), email, name);
  }

  private static String subject(String email) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(email.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
      // Google's subjects begin with a 1.
      return DIGITS_20.add(new BigInteger(1, hash).mod(DIGITS_20)).toString();
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
