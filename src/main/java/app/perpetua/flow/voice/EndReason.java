package app.perpetua.flow.voice;

import org.jspecify.annotations.Nullable;

/** Why a live session ends: its record's {@code end_reason}, close code and error message. */
enum EndReason {
  CLIENT_DONE("end_stream", 1000, Drain.SEND),
  SILENCE("silence", 1000, Drain.SEND),
  SHUTDOWN("going_away", 1001, Drain.SEND),
  MAX_DURATION(
      "max_duration",
      4408,
      Drain.SEND,
      "MAX_DURATION_EXCEEDED",
      "the session has reached its maximum duration"),
  OUT_OF_CREDITS(
      "insufficient_credits",
      4402,
      Drain.SEND,
      "INSUFFICIENT_CREDITS",
      "there are not enough credits for another minute"),
  CLIENT_LOST("client_gone", 0, Drain.RECORD),
  CLIENT_SLOW("client_slow", 0, Drain.RECORD),
  FRAME_TOO_LARGE(
      "frame_too_large",
      4413,
      Drain.RECORD,
      "PAYLOAD_TOO_LARGE",
      "a message may contain at most 32 KiB of audio"),
  PROTOCOL_ERROR(
      "misbehaved",
      1008,
      Drain.RECORD,
      "VALIDATION_ERROR",
      "the message does not follow the protocol"),
  RATE_LIMITED(
      "flooded", 1008, Drain.RECORD, "RATE_LIMIT_EXCEEDED", "too many messages per second"),
  PROVIDER_LOST("provider_gone", "the transcription was interrupted"),
  PROVIDER_SLOW("provider_slow", "the transcription cannot keep up"),
  UNREACHABLE("provider_unreachable", "the transcription service cannot be reached"),
  NOT_AUDIO("not_audio", "the data is not WebM audio"),
  UNDECODABLE("undecodable", "the audio cannot be decoded"),
  /** Another process or a job has ended the session. */
  TAKEN_OVER("taken_over", 1011, Drain.DISCARD),
  /** The process was killed, so no client is connected. */
  PROCESS_LOST("process_gone", 0, Drain.DISCARD);

  /** What happens to results that the provider has not sent yet. */
  enum Drain {
    /** The client gets the whole transcript in a last message. */
    SEND,
    /** They are stored in the record only. */
    RECORD,
    DISCARD
  }

  private final String reason;
  private final int closeCode;
  private final Drain drain;
  private final @Nullable String errorCode;
  private final String message;

  EndReason(String reason, int closeCode, Drain drain) {
    this(reason, closeCode, drain, null, "");
  }

  /** A failure of the provider. */
  EndReason(String reason, String message) {
    this(reason, 4502, Drain.DISCARD, "TRANSCRIPTION_FAILED", message);
  }

  EndReason(String reason, int closeCode, Drain drain, @Nullable String errorCode, String message) {
    this.reason = reason;
    this.closeCode = closeCode;
    this.drain = drain;
    this.errorCode = errorCode;
    this.message = message;
  }

  /** The record's {@code end_reason} and the close frame's reason. */
  String reason() {
    return reason;
  }

  /** From RFC 6455 or the contract; 0 if no close frame can reach the client. */
  int closeCode() {
    return closeCode;
  }

  Drain drain() {
    return drain;
  }

  /** Sent before the close frame; null for none. */
  VoiceMessage.@Nullable Failed error() {
    return errorCode == null ? null : new VoiceMessage.Failed(errorCode, message);
  }

  /** True if no limit has ended the session; the last results may still exceed one. */
  boolean isWithinLimits() {
    return this == CLIENT_DONE || this == SILENCE;
  }

  /** True if nothing is charged, because the provider could not transcribe anything. */
  boolean isFree() {
    return this == UNREACHABLE || this == NOT_AUDIO || this == UNDECODABLE;
  }
}
