package app.perpetua.flow.voice;

import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * Settings of speech to text.
 *
 * @param maxSeconds maximum length of a session or a recording (FR-036)
 * @param creditsPerMinute charged for each started minute (FR-033)
 * @param apiKey of the provider; speech to text is off without it
 * @param baseUrl of the provider
 * @param audioHosts from which recordings are fetched
 */
public record VoiceConfig(
    boolean enabled,
    int maxSeconds,
    int creditsPerMinute,
    Optional<Secret> apiKey,
    URI baseUrl,
    List<AllowedHost> audioHosts) {
  private static final int SECONDS_PER_MINUTE = 60;

  /** Number of started minutes: 60 s are one, 61 s are two. */
  int minutes(int seconds) {
    return Math.ceilDiv(seconds, SECONDS_PER_MINUTE);
  }

  /** The length that this number of minutes pays for, at most the maximum. */
  int paidSeconds(int minutes) {
    return Math.min(minutes * SECONDS_PER_MINUTE, maxSeconds);
  }
}
