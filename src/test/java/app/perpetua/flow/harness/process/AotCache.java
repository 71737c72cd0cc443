package app.perpetua.flow.harness.process;

import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.harness.Api;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * An ahead-of-time cache of the packaged JAR (JEP 514), which halves the processor time of a start,
 * as in the container image. It is recorded by one start and used by all later ones of a build.
 */
public final class AotCache {
  private static final Path CACHE = Path.of("target/startup.aot");

  /** The JVM writes the cache after the service has stopped. */
  private static final Duration RECORDING = Duration.ofMinutes(3);

  private static final int REPETITIONS = 10;

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
   * @param google the service's identity provider
   */
  public static synchronized void record(Function<List<String>, Jar> start, FakeGoogle google) {
    if (isCurrent()) {
      return;
    }
    Path recorded = Path.of(CACHE + ".new");
    try (Jar jar = start.apply(List.of("-XX:AOTCacheOutput=" + recorded))) {
      use(jar.awaitReady(), google);
      jar.terminate();
      jar.awaitExit(RECORDING);
      Files.move(recorded, CACHE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Requests whose classes almost every test needs. */
  private static void use(Jar jar, FakeGoogle google) {
    try (Api api = new Api(jar.uri())) {
      String idToken = google.idToken("aot-cache").sign();
      JsonNode session =
          api.post("/api/v1/auth/google/callback", Map.of("id_token", idToken)).expect(200).json();
      Api user = api.as(session.get("access_token").stringValue());
      for (int i = 0; i < REPETITIONS; i++) {
        String task = "/api/v1/tasks/" + user.createTask("Water the plants");
        user.get("/api/v1/tasks?limit=25").expect(200);
        user.patch(task, Map.of("version", 1, "title", "Water them")).expect(200);
        user.get(task).expect(200);
        user.createNote("Buy soil");
        user.get("/api/v1/activity").expect(200);
        user.get(task + "0").expect(400);
      }
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
