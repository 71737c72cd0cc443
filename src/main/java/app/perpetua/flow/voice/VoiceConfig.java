package app.perpetua.flow.voice;

import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * Transcription.
 *
 * @param enabled whether there is any
 * @param maxSeconds how long a session or a recording may be (FR-036)
 * @param creditsPerMinute what each started minute takes (FR-033)
 * @param apiKey the provider's; without it there is none
 * @param baseUrl where the provider is
 * @param audioHosts where recordings may be
 */
public record VoiceConfig(
    boolean enabled,
    int maxSeconds,
    int creditsPerMinute,
    Optional<Secret> apiKey,
    URI baseUrl,
    List<AllowedHost> audioHosts) {
  /** Seconds in a minute that is paid for. */
  static final int MINUTE = 60;

  /** How many minutes have started in so many seconds: exactly 60 s is one, 61 s is two. */
  int minutes(int seconds) {
    return Math.ceilDiv(seconds, MINUTE);
  }
}
