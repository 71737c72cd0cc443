package app.perpetua.flow.jobs;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.stream.IntStream;

/** Histograms of how late scheduled work takes effect (FR-066, SC-012). */
public final class Lateness {
  /** Around the target of 60 s. */
  private static final Duration[] BUCKETS =
      IntStream.of(1, 5, 10, 30, 60, 300, 3_600)
          .mapToObj(Duration::ofSeconds)
          .toArray(Duration[]::new);

  private Lateness() {}

  /** Registers a histogram, which is exported from then on, also while it is empty. */
  public static Timer register(MeterRegistry registry, String name, String description) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(BUCKETS)
        .register(registry);
  }
}
