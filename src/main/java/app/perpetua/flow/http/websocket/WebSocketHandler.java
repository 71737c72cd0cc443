package app.perpetua.flow.http.websocket;

/**
 * One upgraded connection's other end: told what the client sends, by the connection's thread, one
 * thing at a time, until a close frame was sent or received. What it throws closes the connection
 * with 1011. While a call has not returned, nothing more is read from the client.
 */
public interface WebSocketHandler {
  /** How long a text message may be, in bytes. */
  int maxTextBytes();

  /** How long a binary message may be, in bytes. */
  int maxBinaryBytes();

  /** First of all: what the client sends is read only after this. */
  void onOpen(ClientSocket socket);

  /**
   * A frame of any kind has arrived; called before what it means.
   *
   * @return false drops it
   */
  boolean onFrame();

  /** A whole text message. */
  void onText(String message);

  /**
   * A whole binary message.
   *
   * @param message the handler's from now on
   */
  void onBinary(byte[] message);

  /** A message is longer than it may be; it is dropped. */
  void onMessageTooLarge();

  /** A ping, which the handler answers; at most 125 bytes. */
  void onPing(byte[] bytes);

  /**
   * Last of all, once: nothing more comes from the client, however the connection ended; also if it
   * never opened.
   */
  void onClose();
}
