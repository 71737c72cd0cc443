package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.WireName;
import java.time.Duration;

/**
 * A request that has been answered or whose client has disconnected, for the access log and the
 * metrics.
 *
 * @param method the HTTP method; {@code OTHER} for uncommon ones, because methods are labels of
 *     metrics
 * @param status the HTTP status
 * @param duration from the end of the request's headers to the end of the response
 */
public record CompletedRequest(
    RequestContext context, String method, int status, Duration duration) {
  /** How a request ended. */
  public enum Outcome implements WireName {
    OK,
    /** By an error that the client can avoid. */
    REFUSED,
    /** By an error of the service or of what it depends on. */
    FAILED,
    /**
     * The client closed the connection before a streamed answer was complete, or read too slowly.
     */
    DISCONNECTED
  }

  /** A streamed answer may fail after its status has been sent. */
  public Outcome outcome() {
    if (context.isDisconnected()) {
      return Outcome.DISCONNECTED;
    }
    ErrorCode code = context.code();
    int decisive = code == null ? status : Math.max(status, code.status());
    if (decisive >= 500) {
      return Outcome.FAILED;
    }
    return decisive >= 400 ? Outcome.REFUSED : Outcome.OK;
  }
}
