package app.perpetua.flow.dev.control;

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
 * Real time plus an offset that all processes of the dev server share through a memory-mapped file.
 * The offset outlives the processes, as does the data written with it. Thread-safe.
 */
public final class OffsetClock extends Clock {
  private static final VarHandle MILLIS = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment file;
  private final ZoneId zone;

  private OffsetClock(MemorySegment file, ZoneId zone) {
    this.file = file;
    this.zone = zone;
  }

  /** Opens the file for writing, and creates it if it is missing. */
  public static OffsetClock movable(Path file) {
    return open(
        file,
        MapMode.READ_WRITE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE,
        StandardOpenOption.CREATE);
  }

  /** Opens an existing file for reading. */
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

  /** The offset from real time; negative if the clock is behind. */
  public Duration offset() {
    return Duration.ofMillis((long) MILLIS.getVolatile(file, 0L));
  }

  /** Sets the offset from real time, in milliseconds. */
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
