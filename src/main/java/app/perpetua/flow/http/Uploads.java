package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.base.Spool;
import app.perpetua.flow.http.connection.ClientConnection;
import app.perpetua.flow.http.connection.RequestBody;
import app.perpetua.flow.http.limits.FileAdmission;
import app.perpetua.flow.http.limits.Permit;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Receives files into temporary files, so that their size does not count in memory: at most four at
 * a time in this process, and one of each user. Thread-safe.
 */
final class Uploads {
  static final String FILE = "application/octet-stream";

  /** On disk, at most this many times the largest file. */
  private static final int AT_ONCE = 4;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(10);
  private static final String GZIP = "gzip";

  /** What a request does with the file. */
  interface Use {
    /**
     * Answers the request.
     *
     * @param hash SHA-256 of the file as sent
     */
    Reply answer(Upload upload, byte[] hash);
  }

  private final FileAdmission admission = new FileAdmission(AT_ONCE, "uploads");

  /**
   * Receives a file, passes it on, and deletes it.
   *
   * @throws Refusal {@code UNSUPPORTED_MEDIA_TYPE}, {@code PAYLOAD_TOO_LARGE}, {@code
   *     VALIDATION_ERROR} if the body is empty, {@code RATE_LIMIT_EXCEEDED} if the user sends
   *     another file, {@code SERVICE_UNAVAILABLE} if too many are being received or the temporary
   *     file cannot be written
   */
  Reply receive(ServerRequest request, @Nullable ClientConnection client, UUID user, Use use) {
    boolean compressed = isCompressed(request);
    requireType(request);
    try (Permit _ = admission.acquire(user);
        Spool spool = Spool.create(RequestBody.MAX_UPLOAD_BYTES)) {
      MessageDigest digest = Sha256.digest();
      RequestBody.copy(request, client, new DigestOutputStream(spool.output(), digest));
      if (spool.size() == 0) {
        throw Refusal.of(ErrorCode.VALIDATION_ERROR, "the body must be a file");
      }
      return use.answer(new Upload(spool, compressed), digest.digest());
    } catch (IOException e) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "files cannot be received at the moment")
          .retryAfter(RETRY_AFTER)
          .because(e);
    }
  }

  private static boolean isCompressed(ServerRequest request) {
    String coding = request.headers().first(HeaderNames.CONTENT_ENCODING).orElse("").strip();
    if (coding.isEmpty() || coding.equalsIgnoreCase("identity")) {
      return false;
    }
    if (coding.equalsIgnoreCase(GZIP)) {
      return true;
    }
    throw Refusal.of(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        "the file must be sent without Content-Encoding, or with gzip");
  }

  private static void requireType(ServerRequest request) {
    String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("");
    int parameters = type.indexOf(';');
    if (!(parameters < 0 ? type : type.substring(0, parameters)).strip().equalsIgnoreCase(FILE)) {
      throw Refusal.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "the body must be " + FILE);
    }
  }
}
