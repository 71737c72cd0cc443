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
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Reads request bodies. */
public final class RequestBody {
  /** The contract's limit: 256 KiB. */
  public static final int MAX_BYTES = 256 * 1024;

  /** The contract's limit of files: 20 MiB. */
  public static final int MAX_UPLOAD_BYTES = 20 * 1024 * 1024;

  /** Where files are sent. Needed here, because a body is bounded before its route is known. */
  private static final String UPLOAD_PATH = "/api/v1/imports";

  private static final int COPIED_BYTES = 64 * 1024;

  private static final String IDENTITY = "identity";

  private RequestBody() {}

  /** The limit of the body of a request to this target, in origin form. */
  static long maxBytes(String method, String target) {
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    return method.equals("POST") && path.equals(UPLOAD_PATH) ? MAX_UPLOAD_BYTES : MAX_BYTES;
  }

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
    return read(
        request,
        MAX_BYTES,
        new byte[0],
        // Not closed, because closing waits for the rest of the body.
        content -> content.readNBytes(MAX_BYTES + 1),
        bytes -> bytes.length);
  }

  /**
   * Copies the whole body, of at most {@link #MAX_UPLOAD_BYTES}. Reading answers {@code Expect:
   * 100-continue}.
   *
   * @param client its connection; null in tests without one
   * @throws Refusal as {@link #read}, and {@code SERVICE_UNAVAILABLE} if it cannot be written
   * @throws CloseConnectionException if the client disconnected or was too slow; do not catch it
   */
  public static void copy(
      ServerRequest request, @Nullable ClientConnection client, OutputStream out) {
    if (client != null) {
      client.acceptUpload(MAX_UPLOAD_BYTES);
    }
    read(
        request,
        MAX_UPLOAD_BYTES,
        0L,
        content -> {
          byte[] buffer = new byte[COPIED_BYTES];
          long copied = 0;
          for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
            copied += read;
            if (copied > MAX_UPLOAD_BYTES) {
              break;
            }
            write(out, buffer, read);
            if (client != null) {
              client.releaseInput();
            }
          }
          return copied;
        },
        Long::longValue);
  }

  private static void write(OutputStream out, byte[] bytes, int length) {
    try {
      out.write(bytes, 0, length);
    } catch (IOException e) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the file cannot be stored at the moment")
          .retryAfter(Duration.ofSeconds(10))
          .because(e);
    }
  }

  private interface Reading<T> {
    T from(InputStream content) throws IOException;
  }

  private static <T> T read(
      ServerRequest request, long max, T none, Reading<T> reading, ToLongFunction<T> size) {
    ReadableEntity content = request.content();
    if (!content.hasEntity()) {
      return none;
    }
    if (request.headers().contentLength().orElse(0) > max) {
      throw tooLarge(max);
    }
    try {
      T read = reading.from(content.inputStream());
      if (size.applyAsLong(read) > max) {
        throw tooLarge(max);
      }
      return read;
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

  private static Refusal tooLarge(long max) {
    return Refusal.of(ErrorCode.PAYLOAD_TOO_LARGE, tooLargeMessage(max));
  }

  static String tooLargeMessage(long max) {
    return max > MAX_BYTES
        ? "the body is larger than " + max / (1024 * 1024) + " MiB"
        : "the body is larger than " + max / 1024 + " KiB";
  }
}
