package app.perpetua.flow.voice;

/** What is looked at several times a second, to end it in time. */
interface Watched {
  /**
   * Looks at the time. Must not block.
   *
   * @param now by {@link VoiceTiming#nanoTime()}
   */
  void look(long now);

  /** The process stops. Must not block. */
  void goAway();
}
