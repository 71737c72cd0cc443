package app.perpetua.flow.http.websocket;

/**
 * Handles the messages of one WebSocket. The connection's thread makes all calls, one at a time,
 * and reads no further input until a call returns. No message follows a sent or received close
 * frame. An exception closes the connection with 1011.
 */
public interface WebSocketHandler {
  int maxTextBytes();

  int maxBinaryBytes();

  /** The first call; input is read after it. */
  void onOpen(ClientSocket socket);

  /**
   * Called for each frame before its message.
   *
   * @return false to drop the frame
   */
  boolean onFrame();

  void onText(String message);

  /** A whole binary message; the array belongs to the handler. */
  void onBinary(byte[] message);

  /** A message exceeds its limit and is dropped. */
  void onMessageTooLarge();

  /** A ping of at most 125 bytes, which the handler must answer. */
  void onPing(byte[] bytes);

  /** The last call, made once however the connection ends, even if it was never opened. */
  void onClose();
}
