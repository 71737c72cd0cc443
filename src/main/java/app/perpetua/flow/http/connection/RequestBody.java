package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.RequestException;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.media.ReadableEntity;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Reads request bodies. */
public final class RequestBody {
  /** The contract's limit: 256 KiB. */
  public static final int MAX_BYTES = 256 * 1024;

  static final String TOO_LARGE = "the body is larger than " + MAX_BYTES / 1024 + " KiB";

  private static final String IDENTITY = "identity";

  private RequestBody() {}

  /**
   * Checks that the body has no {@code Content-Encoding}; adds {@code Accept-Encoding} to the
   * response if it has (RFC 9110, 15.5.16).
   *
   * @throws Refusal {@code UNSUPPORTED_MEDIA_TYPE} if it has
   */
  public static void requireNoEncoding(ServerRequest request, ServerResponse response) {
    boolean encoded =
        request.headers().all(HeaderNames.CONTENT_ENCODING, List::of).stream()
            .flatMap(codings -> Arrays.stream(codings.split(",", -1)))
            .map(String::strip)
            .anyMatch(coding -> !coding.isEmpty() && !coding.equalsIgnoreCase(IDENTITY));
    if (encoded && request.content().hasEntity()) {
      response.header(HeaderNames.ACCEPT_ENCODING, IDENTITY);
      throw Refusal.of(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE, "the body must be sent without Content-Encoding");
    }
  }

  /**
   * Reads the whole body; empty if there is none. Reading answers {@code Expect: 100-continue}.
   *
   * @throws Refusal {@code PAYLOAD_TOO_LARGE}, {@code VALIDATION_ERROR} if its chunks are
   *     malformed, {@code SERVICE_UNAVAILABLE} if the transfer budget is used up
   * @throws CloseConnectionException if the client disconnected or was too slow; do not catch it
   */
  public static byte[] read(ServerRequest request) {
    ReadableEntity content = request.content();
    if (!content.hasEntity()) {
      return new byte[0];
    }
    if (request.headers().contentLength().orElse(0) > MAX_BYTES) {
      throw tooLarge();
    }
    try {
      // Not closed, because closing waits for the rest of the body.
      byte[] bytes = content.inputStream().readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw tooLarge();
      }
      return bytes;
    } catch (ClientConnection.OverBudgetException e) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "too many requests are being received")
          .retryAfter(Duration.ofSeconds(1))
          .because(e);
    } catch (RequestException e) {
      throw e.request() instanceof InvalidRequest invalid ? invalid.refusal().because(e) : e;
    } catch (IOException e) {
      throw new CloseConnectionException("cannot read the body", e);
    }
  }

  /**
   * Whether an unread body prevents another request on the connection, because the rest of the body
   * would be parsed as that request or may never arrive. Helidon skips a short body of known
   * length.
   */
  public static boolean blocksConnection(ServerRequest request) {
    if (!request.content().hasEntity() || request.content().consumed()) {
      return false;
    }
    ServerRequestHeaders headers = request.headers();
    return headers.contains(HeaderNames.TRANSFER_ENCODING)
        || headers.containsToken(HeaderValues.EXPECT_100)
        || headers.contentLength().orElse(0) > MAX_BYTES;
  }

  private static Refusal tooLarge() {
    return Refusal.of(ErrorCode.PAYLOAD_TOO_LARGE, TOO_LARGE);
  }
}
