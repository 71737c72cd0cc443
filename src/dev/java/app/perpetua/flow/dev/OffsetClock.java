package app.perpetua.flow.dev;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * Real time and an offset that every process of the dev server reads from one mapped file: moved in
 * one, it has moved in all, and goes on from there at its usual pace. The offset outlives them, as
 * the data does that was written by it. Thread-safe.
 */
public final class OffsetClock extends Clock {
  private static final VarHandle MILLIS = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment file;
  private final ZoneId zone;

  private OffsetClock(MemorySegment file, ZoneId zone) {
    this.file = file;
    this.zone = zone;
  }

  /** Opens the file, which is made if it is not there, so that the clock can be moved. */
  public static OffsetClock movable(Path file) {
    return open(
        file,
        MapMode.READ_WRITE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE,
        StandardOpenOption.CREATE);
  }

  /** Opens the file, which must be there, to follow the clock. */
  public static OffsetClock following(Path file) {
    return open(file, MapMode.READ_ONLY, StandardOpenOption.READ);
  }

  private static OffsetClock open(Path file, MapMode mode, StandardOpenOption... options) {
    try (FileChannel channel = FileChannel.open(file, options)) {
      MemorySegment mapped = channel.map(mode, 0, ValueLayout.JAVA_LONG.byteSize(), Arena.ofAuto());
      return new OffsetClock(mapped, ZoneOffset.UTC);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How far it is ahead of real time; negative if behind. */
  public Duration offset() {
    return Duration.ofMillis((long) MILLIS.getVolatile(file, 0L));
  }

  /** Shows real time plus this from now on. Milliseconds count. */
  public void setOffset(Duration offset) {
    MILLIS.setVolatile(file, 0L, offset.toMillis());
  }

  @Override
  public Instant instant() {
    return Clock.systemUTC().instant().plus(offset());
  }

  @Override
  public ZoneId getZone() {
    return zone;
  }

  @Override
  public OffsetClock withZone(ZoneId other) {
    return new OffsetClock(file, other);
  }
}
