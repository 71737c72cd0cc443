package app.perpetua.flow.voice;

/** What is looked at several times a second, to end it in time. */
interface Monitored {
  /**
   * Looks at the time. Must not block.
   *
   * @param now by {@link VoiceTiming#nanoTime()}
   */
  void tick(long now);

  /** The process stops. Must not block. */
  void goAway();
}
