package app.perpetua.flow.voice;

import app.perpetua.flow.base.Cancellation;

/** Turns speech into text, live and from recordings. */
public interface Transcriber {
  /**
   * Words that were understood.
   *
   * @param isFinal whether they stand; if not, they come again, maybe changed
   * @param confidence from 0 to 1
   * @param until seconds of audio that have been understood with them
   */
  record Words(String text, boolean isFinal, double confidence, double until) {}

  /** How the provider's side ended. */
  enum Ended {
    /** All that was sent was understood. */
    DONE,
    /** What was sent is no audio that it knows. */
    UNDECODABLE,
    /** It went away, or something went wrong there. */
    LOST
  }

  /** What became of a piece of audio. */
  enum Relayed {
    SENT,
    /** The provider does not take it; nothing more can be sent. */
    TOO_SLOW,
    LOST
  }

  /** Told of what comes from the provider, one thing at a time; may block. */
  interface Listener {
    /** Something was understood; the text may be empty. */
    void heard(Words words);

    /** Nothing comes any more. Told once at most. */
    void ended(Ended how);
  }

  /** A running transcription. Thread-safe; one piece of audio is sent at a time. */
  interface Stream {
    /**
     * Sends a piece of audio, never empty, and waits until it has left: one second at most.
     *
     * @param audio not changed any more
     */
    Relayed audio(byte[] audio) throws InterruptedException;

    /** Asks for a sign of life, and keeps a provider waiting that has nothing to do. */
    void beat() throws InterruptedException;

    /** When it last sent anything, by {@link VoiceTiming#nanoTime()}. */
    long heardNanos();

    /** Asks for the last words; {@link Listener#ended} follows. */
    void finish() throws InterruptedException;

    /** Ends it at once, whatever is under way. */
    void abort();
  }

  /** The provider cannot be reached, or does not let us in; the message tells the operator why. */
  final class Unreachable extends Exception {
    private static final long serialVersionUID = 1L;

    /** Without anything secret. */
    public Unreachable(String message) {
      super(message, null, false, false);
    }
  }

  /** Begins one, within three seconds. */
  Stream open(Listener listener) throws Unreachable, InterruptedException;

  /** What became of a recording. */
  sealed interface Recognition {
    /**
     * Understood.
     *
     * @param text what was said; maybe nothing
     * @param language as the provider names it
     * @param confidence from 0 to 1
     * @param seconds how long the recording is
     */
    record Understood(String text, String language, double confidence, double seconds)
        implements Recognition {}

    /** The recording cannot be had, or is none. */
    record Unusable() implements Recognition {}

    /**
     * The provider could not do it now.
     *
     * @param why for the operator, without anything secret
     */
    record Failed(String why) implements Recognition {}
  }

  /**
   * Understands the recording at that address, within half a minute.
   *
   * @param cancellation heeded while waiting; what is cancelled has {@link Recognition.Failed}
   */
  Recognition recognize(String url, Cancellation cancellation) throws InterruptedException;
}
