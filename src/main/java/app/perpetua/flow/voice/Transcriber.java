package app.perpetua.flow.voice;

import app.perpetua.flow.base.Cancellation;
import java.util.List;

/** Port to a speech-to-text provider, for live audio and recordings. */
public interface Transcriber {
  /**
   * The text of a piece of audio; may be empty.
   *
   * @param isFinal false if a later result replaces this one
   * @param confidence from 0 to 1
   * @param startSeconds where the piece begins, from the beginning of the audio
   * @param endSeconds where it ends, which is also how much audio has been processed so far
   * @param words the text word by word; empty if the provider does not say
   */
  record Transcript(
      String text,
      boolean isFinal,
      double confidence,
      double startSeconds,
      double endSeconds,
      List<Word> words) {
    /** Whether the audio up to that length, in whole seconds rounded down, contains the text. */
    boolean endsBy(int seconds) {
      return seconds > 0 && Math.floor(endSeconds) <= seconds;
    }
  }

  /** A word, with the place in the audio where it ends. */
  record Word(String text, double endSeconds) {}

  /** How the provider ended a stream. */
  enum StreamEnd {
    /** All audio was processed. */
    COMPLETED,
    UNDECODABLE,
    /** The connection or the provider failed. */
    LOST
  }

  enum SendResult {
    SENT,
    /** The provider does not read fast enough; nothing more can be sent. */
    TOO_SLOW,
    LOST
  }

  /** Receives a stream's results, one at a time; may block. */
  interface Listener {
    void onTranscript(Transcript transcript);

    /** The last call; at most once. */
    void onEnd(StreamEnd end);
  }

  /** A running transcription. Thread-safe, but only one thread sends audio. */
  interface Stream {
    /**
     * Sends audio; blocks until it is sent, at most one second.
     *
     * @param audio never empty; not modified afterwards
     */
    SendResult send(byte[] audio) throws InterruptedException;

    /** Pings the provider, and keeps the stream open while there is no audio. */
    void heartbeat() throws InterruptedException;

    /** When the provider last sent anything, by {@link VoiceTiming#nanoTime()}. */
    long lastReceivedNanos();

    /** Requests the remaining results; {@link Listener#onEnd} follows. */
    void finish() throws InterruptedException;

    /** Closes the connection without waiting for results. */
    void abort();
  }

  /** The provider cannot be reached or refuses the connection; the message has no secrets. */
  final class Unreachable extends Exception {
    private static final long serialVersionUID = 1L;

    public Unreachable(String message) {
      super(message, null, false, false);
    }
  }

  /** Opens a stream, within three seconds. */
  Stream open(Listener listener) throws Unreachable, InterruptedException;

  /** The result for a recording. */
  sealed interface Recognition {
    /**
     * Speech was recognized.
     *
     * @param text may be empty
     * @param language as the provider names it
     * @param confidence from 0 to 1
     * @param seconds length of the recording
     */
    record Recognized(String text, String language, double confidence, double seconds)
        implements Recognition {}

    /** The provider cannot fetch or decode the recording. */
    record Unusable() implements Recognition {}

    /**
     * The provider is unavailable.
     *
     * @param reason for the log; has no secrets
     */
    record Failed(String reason) implements Recognition {}
  }

  /**
   * Transcribes the recording at the URL, within 30 seconds.
   *
   * @param cancellation makes a waiting call return {@link Recognition.Failed}
   */
  Recognition recognize(String url, Cancellation cancellation) throws InterruptedException;
}
