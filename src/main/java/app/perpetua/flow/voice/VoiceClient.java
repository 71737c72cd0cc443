package app.perpetua.flow.voice;

/**
 * The client's connection of a live session. Sending blocks while the client does not read.
 * Thread-safe.
 */
interface VoiceClient {
  /** Sends a message as JSON; does nothing if the client has disconnected. */
  void send(VoiceMessage message);

  void ping();

  /** When the client last sent anything, by {@link VoiceTiming#nanoTime()}. */
  long lastReceivedNanos();

  /** Starts the closing handshake. */
  void close(int code, String reason);

  /** Closes the connection without a close frame. */
  void abort();
}
