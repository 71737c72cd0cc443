package app.perpetua.flow.voice;

import org.jspecify.annotations.Nullable;

/** Why a live session ends, and what its client hears of it. */
enum EndReason {
  CLIENT_DONE("end_stream", 1000, null, "", Words.FLUSHED),
  SILENCE("silence", 1000, null, "", Words.FLUSHED),
  GOING_AWAY("going_away", 1001, null, "", Words.FLUSHED),
  MAX_DURATION(
      "max_duration",
      4408,
      "MAX_DURATION_EXCEEDED",
      "a session lasts no longer than this",
      Words.FLUSHED),
  OUT_OF_CREDITS(
      "insufficient_credits",
      4402,
      "INSUFFICIENT_CREDITS",
      "there are not enough credits for another minute",
      Words.FLUSHED),
  CLIENT_GONE("client_gone", 0, null, "", Words.KEPT),
  CLIENT_SLOW("client_slow", 0, null, "", Words.KEPT),
  FRAME_TOO_LARGE(
      "frame_too_large",
      4413,
      "PAYLOAD_TOO_LARGE",
      "a message may have 32 KiB of audio at most",
      Words.KEPT),
  MISBEHAVED(
      "misbehaved", 1008, "VALIDATION_ERROR", "that is no message of this protocol", Words.KEPT),
  FLOODED("flooded", 1008, "RATE_LIMIT_EXCEEDED", "too many messages a second", Words.KEPT),
  PROVIDER_GONE(
      "provider_gone", 4502, "TRANSCRIPTION_FAILED", "transcription broke off", Words.CUT),
  PROVIDER_SLOW(
      "provider_slow", 4502, "TRANSCRIPTION_FAILED", "transcription cannot keep up", Words.CUT),
  UNREACHABLE(
      "provider_unreachable",
      4502,
      "TRANSCRIPTION_FAILED",
      "transcription cannot be reached",
      Words.CUT),
  NOT_AUDIO("not_audio", 4502, "TRANSCRIPTION_FAILED", "this is no WebM audio", Words.CUT),
  UNDECODABLE(
      "undecodable", 4502, "TRANSCRIPTION_FAILED", "this audio cannot be decoded", Words.CUT),
  /** Another process, or its job, has ended the session. */
  TAKEN_OVER("taken_over", 1011, null, "", Words.CUT),
  /** The process was gone; nobody is there to hear of it. */
  PROCESS_GONE("process_gone", 0, null, "", Words.CUT);

  /** What becomes of what the provider has not told yet. */
  enum Words {
    /** It is asked for, and the client gets everything in a last message. */
    FLUSHED,
    /** It is asked for, for the record. */
    KEPT,
    CUT
  }

  private final String reason;
  private final int closeCode;
  private final @Nullable String error;
  private final String message;
  private final Words words;

  EndReason(String reason, int closeCode, @Nullable String error, String message, Words words) {
    this.reason = reason;
    this.closeCode = closeCode;
    this.error = error;
    this.message = message;
    this.words = words;
  }

  /** {@code end_reason} of the record. */
  String reason() {
    return reason;
  }

  /** RFC 6455's, or the contract's; 0 if no close frame could reach the client. */
  int closeCode() {
    return closeCode;
  }

  /** The code of the error that is told first; null for none. */
  @Nullable String error() {
    return error;
  }

  String message() {
    return message;
  }

  Words words() {
    return words;
  }

  /** True if nothing is charged, as nothing could be understood. */
  boolean isFree() {
    return this == UNREACHABLE || this == NOT_AUDIO || this == UNDECODABLE;
  }
}
