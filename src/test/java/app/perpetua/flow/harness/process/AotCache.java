package app.perpetua.flow.harness.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * An ahead-of-time cache of the packaged JAR (JEP 514), which halves the processor time of a start,
 * as in the container image. It is recorded by one start and used by all later ones of a build.
 */
public final class AotCache {
  private static final Path CACHE = Path.of("target/startup.aot");

  /** The JVM writes the cache after the service has stopped. */
  private static final Duration RECORDING = Duration.ofMinutes(3);

  private AotCache() {}

  /** JVM options that use the cache; none if there is no cache of this JAR. */
  public static List<String> options() {
    // JDK 25 warns, between the service's lines, about entries that it cannot use.
    return isCurrent() ? List.of("-XX:AOTCache=" + CACHE, "-Xlog:aot*=off") : List.of();
  }

  /**
   * Records the cache unless this JAR has one. Other threads wait for it.
   *
   * @param start starts the service with JVM options
   * @return whether it had none
   */
  public static synchronized boolean record(Function<List<String>, Jar> start) {
    if (isCurrent()) {
      return false;
    }
    Path recorded = Path.of(CACHE + ".new");
    try (Jar jar = start.apply(List.of("-XX:AOTCacheOutput=" + recorded))) {
      jar.awaitReady().terminate();
      jar.awaitExit(RECORDING);
      Files.move(recorded, CACHE, StandardCopyOption.REPLACE_EXISTING);
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isCurrent() {
    try {
      return Files.exists(CACHE)
          && Files.getLastModifiedTime(CACHE).compareTo(Files.getLastModifiedTime(Jar.file())) > 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
