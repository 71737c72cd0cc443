package app.perpetua.flow.mcp;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An error of the protocol (JSON-RPC 2.0, section 5.1), for the client's program. Errors that its
 * model can act on are results of tools instead.
 */
final class RpcError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  static final int PARSE = -32700;
  static final int INVALID_REQUEST = -32600;
  static final int METHOD_NOT_FOUND = -32601;
  static final int INVALID_PARAMS = -32602;
  static final int HEADER_MISMATCH = -32020;
  static final int UNSUPPORTED_VERSION = -32022;

  private final int status;
  private final int code;
  private final transient @Nullable Map<String, Object> data;

  private RpcError(int status, int code, String message, @Nullable Map<String, Object> data) {
    super(message, null, false, false);
    this.status = status;
    this.code = code;
    this.data = data;
  }

  /** An error of a message that cannot be executed: HTTP 400. */
  static RpcError malformed(int code, String message) {
    return new RpcError(400, code, message, null);
  }

  static RpcError malformed(int code, String message, Map<String, Object> data) {
    return new RpcError(400, code, message, data);
  }

  /**
   * An unknown method.
   *
   * @param status 404 in the revisions without a handshake, otherwise 200
   */
  static RpcError unknownMethod(int status, String method) {
    return new RpcError(status, METHOD_NOT_FOUND, "unknown method: " + method, null);
  }

  /** An error of the parameters of a method: HTTP 200. */
  static RpcError invalidParams(String message) {
    return new RpcError(200, INVALID_PARAMS, message, null);
  }

  static RpcError invalidParams(String message, Map<String, Object> data) {
    return new RpcError(200, INVALID_PARAMS, message, data);
  }

  int status() {
    return status;
  }

  int code() {
    return code;
  }

  String text() {
    return String.valueOf(getMessage());
  }

  @Nullable Map<String, Object> data() {
    return data;
  }
}
