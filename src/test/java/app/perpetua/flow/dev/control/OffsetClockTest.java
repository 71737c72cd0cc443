package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OffsetClockTest {
  @TempDir Path directory;

  @Test
  void an_unmoved_clock_shows_real_time() {
    assertShows(Duration.ZERO, OffsetClock.movable(directory.resolve("clock")));
  }

  @Test
  void the_offset_applies_to_all_followers_in_every_zone() {
    Path file = directory.resolve("clock");
    OffsetClock here = OffsetClock.movable(file);
    OffsetClock there = OffsetClock.following(file);
    Clock elsewhere = there.withZone(ZoneId.of("Asia/Tokyo"));
    for (Duration offset : new Duration[] {Duration.ofDays(400), Duration.ofMillis(-1)}) {
      here.setOffset(offset);
      assertEquals(offset, there.offset());
      assertShows(offset, there);
      assertShows(offset, elsewhere);
    }
  }

  @Test
  void the_offset_is_kept_after_all_processes_have_ended() {
    Path file = directory.resolve("clock");
    OffsetClock.movable(file).setOffset(Duration.ofHours(24));
    assertEquals(Duration.ofHours(24), OffsetClock.movable(file).offset());
  }

  @Test
  void followers_can_neither_create_nor_move_the_clock() {
    Path file = directory.resolve("clock");
    assertThrows(UncheckedIOException.class, () -> OffsetClock.following(file));
    OffsetClock.movable(file);
    OffsetClock follower = OffsetClock.following(file);
    assertThrows(RuntimeException.class, () -> follower.setOffset(Duration.ofHours(1)));
  }

  private static void assertShows(Duration offset, Clock clock) {
    Instant before = Clock.systemUTC().instant();
    Instant shown = clock.instant().minus(offset);
    Instant after = Clock.systemUTC().instant();
    assertFalse(shown.isBefore(before), shown + " is before " + before);
    assertTrue(!shown.isAfter(after), shown + " is after " + after);
  }
}
