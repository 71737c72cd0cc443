package app.perpetua.flow.voice;

/** A connection whose time limits {@link LiveSessionRegistry} checks several times a second. */
interface Monitored {
  /**
   * Checks the time limits. Must not block.
   *
   * @param now by {@link VoiceTiming#nanoTime()}
   */
  void tick(long now);

  /** Ends the connection because the process stops. Must not block. */
  void shutDown();
}
