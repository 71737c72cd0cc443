package app.perpetua.flow.voice;

/** The speaking side of a live session. Thread-safe. Sending blocks while the client reads not. */
interface VoiceClient {
  /** Sends a message of the contract as JSON; nothing happens if the client is gone. */
  void say(Object message);

  /** Asks for a sign of life. */
  void ping();

  /** When anything last came from it, by {@link VoiceTiming#nanoTime()}. */
  long heardNanos();

  /** Says goodbye. */
  void close(int code, String reason);

  /** Ends the connection without a word. */
  void cut();
}
