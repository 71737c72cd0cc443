package app.perpetua.flow.http;

/**
 * One upgraded connection's other end: told what the client sends, by the connection's thread, one
 * thing at a time. What it throws closes the connection with 1011. While a call has not returned,
 * nothing more is read from the client.
 */
public interface SocketHandler {
  /** First of all: what the client sends is read only after this. */
  void opened(ClientSocket socket);

  /**
   * A fragment of a text message.
   *
   * @param last whether the message ends with it
   */
  void text(String fragment, boolean last);

  /**
   * A fragment of a binary message.
   *
   * @param bytes the handler's from now on
   * @param last whether the message ends with it
   */
  void binary(byte[] bytes, boolean last);

  /** A ping, which the handler answers; at most 125 bytes, or the client breaks the protocol. */
  void ping(byte[] bytes);

  /** A sign of life. */
  void pong();

  /** Last of all, once, however the connection ended; also if it never opened. */
  void gone();
}
