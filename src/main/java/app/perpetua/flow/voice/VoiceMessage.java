package app.perpetua.flow.voice;

import java.util.UUID;

/** A message to the client of a live session, as the contract describes it. */
sealed interface VoiceMessage {
  record Connected(String type, UUID sessionId, int maxDurationSeconds) implements VoiceMessage {
    Connected(UUID sessionId, int maxDurationSeconds) {
      this("connected", sessionId, maxDurationSeconds);
    }
  }

  record Transcribed(String type, String text, boolean isFinal, double confidence)
      implements VoiceMessage {
    Transcribed(String text, boolean isFinal, double confidence) {
      this("transcript", text, isFinal, confidence);
    }
  }

  record Complete(
      String type,
      String fullTranscript,
      int durationSeconds,
      int creditsUsed,
      int creditsRemaining)
      implements VoiceMessage {
    Complete(VoiceSession session, int creditsRemaining) {
      this(
          "complete",
          session.fullTranscript(),
          session.durationSeconds(),
          session.creditsUsed(),
          creditsRemaining);
    }
  }

  /** Sent before a close frame that reports an error. */
  record Failed(String type, String code, String message) implements VoiceMessage {
    Failed(String code, String message) {
      this("error", code, message);
    }
  }
}
