package app.perpetua.flow.chaos.fault;

import app.perpetua.flow.harness.process.Jar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A clock of a process that differs from the machine's, by libfaketime. Only the time of day
 * changes; what measures durations goes on.
 */
final class FakeTime {
  private static final Path LIBRARIES = Path.of("/usr/lib");
  private static final String LIBRARY = "faketime/libfaketime.so.1";

  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  /** The longest time until a process sees a change. */
  static final Duration DELAY = Duration.ofSeconds(1);

  private final Path library;
  private final Path offset;

  private FakeTime(Path library, Path offset) {
    this.library = library;
    this.offset = offset;
  }

  /**
   * A clock that is correct until it is set.
   *
   * @param name of the file that has its offset
   * @throws Skipped if libfaketime is not installed
   */
  static FakeTime of(Path home, String name) throws IOException, Skipped {
    try (Stream<Path> architectures = Files.list(LIBRARIES)) {
      List<Path> found =
          Stream.concat(Stream.of(LIBRARIES), architectures)
              .map(directory -> directory.resolve(LIBRARY))
              .filter(Files::exists)
              .toList();
      if (found.isEmpty()) {
        throw new Skipped("libfaketime is not installed (apt-get install libfaketime)");
      }
      FakeTime time = new FakeTime(found.getFirst(), home.resolve(name).toAbsolutePath());
      time.differBy(Duration.ZERO);
      return time;
    }
  }

  /** Variables of the process that has this clock. */
  Map<String, String> environment() {
    return Map.of(
        "LD_PRELOAD",
        library.toString(),
        "FAKETIME_TIMESTAMP_FILE",
        offset.toString(),
        // Reading the file at each call would make the process many times slower.
        "FAKETIME_CACHE_DURATION",
        Long.toString(DELAY.toSeconds()),
        "FAKETIME_DONT_FAKE_MONOTONIC",
        "1",
        "DONT_FAKE_MONOTONIC",
        "1",
        // A workaround for old versions of glibc ends each timed wait at once.
        "FAKETIME_FORCE_MONOTONIC_FIX",
        "0");
  }

  /** Kills a process that has such a clock, and deletes what libfaketime then leaves behind. */
  static void kill(Jar process) throws IOException {
    process.kill();
    for (String name : List.of("faketime_shm_", "sem.faketime_sem_")) {
      Files.deleteIfExists(SHARED_MEMORY.resolve(name + process.pid()));
    }
  }

  /** Sets the difference to the machine's clock, within {@link #DELAY}. */
  void differBy(Duration difference) throws IOException {
    // The process may read the file at any moment, so it is replaced as a whole.
    Path next = offset.resolveSibling(offset.getFileName() + ".new");
    Files.writeString(next, "%+d\n".formatted(difference.toSeconds()));
    Files.move(next, offset, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
