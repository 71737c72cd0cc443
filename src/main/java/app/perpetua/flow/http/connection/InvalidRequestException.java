package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.RequestException;
import io.helidon.http.Status;

/** A request that violates HTTP or exceeds a limit. */
final class InvalidRequestException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final Refusal refusal;

  /** 400. */
  InvalidRequestException(String message) {
    this(400, ErrorCode.VALIDATION_ERROR, message);
  }

  InvalidRequestException(int status, ErrorCode code, String message) {
    super(message, null, false, false);
    this.status = status;
    this.refusal = Refusal.of(code, message);
  }

  Refusal refusal() {
    return refusal;
  }

  /** The exception with which Helidon answers the request and closes the connection. */
  RequestException answer(InvalidRequest request) {
    return RequestException.builder()
        .type(EventType.BAD_REQUEST)
        .status(Status.create(status))
        .request(request)
        .message(String.valueOf(getMessage()))
        .setKeepAlive(false)
        .build();
  }
}
