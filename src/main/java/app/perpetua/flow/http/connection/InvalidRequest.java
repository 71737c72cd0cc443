package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.Refusal;
import io.helidon.http.DirectHandler.TransportRequest;
import io.helidon.http.ServerRequestHeaders;

/**
 * A request that violates HTTP or exceeds a limit, and therefore reaches no route.
 *
 * @param method empty if the request line is malformed
 * @param path as {@code method}
 * @param headers the well-formed ones that were received
 * @param refusal the answer, whose message does not quote the request beyond one character
 */
public record InvalidRequest(
    String method, String path, ServerRequestHeaders headers, Refusal refusal)
    implements TransportRequest {
  @Override
  public String protocolVersion() {
    return "HTTP/1.1";
  }
}
