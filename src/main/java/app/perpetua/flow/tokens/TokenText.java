package app.perpetua.flow.tokens;

import app.perpetua.flow.base.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * A personal access token as its holder presents it: {@code pf_pat_<id>_<secret><checksum>}, all in
 * hexadecimal digits. The prefix lets scanners for secrets find it, and the CRC-32 of everything
 * before it distinguishes a token from a mistyped or invented one without the database.
 */
record TokenText(UUID id, String text) {
  /** No access token begins so, because those are JWTs. */
  static final String PREFIX = "pf_pat_";

  private static final int SECRET_BYTES = 32;

  private static final Pattern FORM =
      Pattern.compile(PREFIX + "([0-9a-f]{32})_[0-9a-f]{64}([0-9a-f]{8})");

  /** A new token with a random secret. */
  static TokenText create(UUID id, SecureRandom random) {
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    String unchecked =
        PREFIX + id.toString().replace("-", "") + "_" + HexFormat.of().formatHex(secret);
    return new TokenText(id, unchecked + checksum(unchecked));
  }

  /** Empty if the text has another form or a wrong checksum. */
  static Optional<TokenText> parse(String text) {
    Matcher form = FORM.matcher(text);
    return form.matches() && checksum(text.substring(0, form.start(2))).equals(form.group(2))
        ? Optional.of(new TokenText(id(form.group(1)), text))
        : Optional.empty();
  }

  /** What is stored of a token; 32 bytes. */
  byte[] hash() {
    return Sha256.hash(text);
  }

  /** Without the secret, which a log must not contain. */
  @Override
  public String toString() {
    return PREFIX + id;
  }

  private static UUID id(String digits) {
    return new UUID(
        HexFormat.fromHexDigitsToLong(digits, 0, 16),
        HexFormat.fromHexDigitsToLong(digits, 16, 32));
  }

  private static String checksum(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.US_ASCII));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
