package app.perpetua.flow.voice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MeterTest {
  private static final VoiceConfig CONFIG =
      new VoiceConfig(
          true, 300, 5, Optional.of(new Secret("x")), URI.create("http://x.invalid"), List.of());

  private final Meter meter = new Meter(300);

  private static long nanos(double seconds) {
    return (long) (seconds * 1e9);
  }

  @Test
  void FR_033_exactly_sixty_seconds_are_one_minute_and_three_hundred_are_five() {
    assertEquals(0, CONFIG.minutes(0));
    assertEquals(1, CONFIG.minutes(1));
    assertEquals(1, CONFIG.minutes(60));
    assertEquals(2, CONFIG.minutes(61));
    assertEquals(5, CONFIG.minutes(300));
  }

  @Test
  void the_meter_runs_from_the_first_audio_to_the_end_in_whole_seconds() {
    assertEquals(0, meter.seconds(nanos(50)));
    assertFalse(meter.isStarted());
    meter.start(nanos(10));
    assertTrue(meter.isStarted());
    assertEquals(60, meter.seconds(nanos(70.9)));
    meter.stop(nanos(70.9));
    meter.stop(nanos(99));
    assertEquals(60, meter.seconds(nanos(200)));
  }

  @Test
  void elapsed_time_or_audio_counts_whichever_is_longer() {
    meter.audioReaches(40);
    meter.start(nanos(0));
    assertEquals(10, meter.seconds(nanos(10)));
    meter.audioReaches(40.9);
    meter.audioReaches(30);
    meter.audioReaches(Double.NaN);
    assertEquals(40, meter.seconds(nanos(10)));
    assertEquals(41, meter.seconds(nanos(41)));
  }

  @Test
  void FR_036_exactly_the_maximum_is_not_an_error() {
    meter.start(0);
    assertFalse(meter.isExceeded(nanos(300.4)));
    assertEquals(300, meter.seconds(nanos(300.4)));
    assertTrue(meter.isExceeded(nanos(300.6)));
    assertFalse(meter.isTimeUp(nanos(300.4)));
    assertTrue(meter.isTimeUp(nanos(300.6)));
    meter.audioReaches(301);
    assertTrue(meter.isExceeded(nanos(1)));
    assertFalse(meter.isTimeUp(nanos(1)));
    assertEquals(300, meter.seconds(nanos(400)));
  }

  @Test
  void a_burst_empties_the_bucket_and_time_refills_it() {
    long now = nanos(7);
    TokenBucket bucket = new TokenBucket(100, 500, now);
    int taken = 0;
    while (bucket.tryTake(now) && taken < 1_000) {
      taken++;
    }
    assertEquals(500, taken);
    assertFalse(bucket.tryTake(now));
    assertTrue(bucket.tryTake(now + Duration.ofSeconds(1).toNanos()));
  }
}
