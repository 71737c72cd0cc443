package app.perpetua.flow.bench;

import app.perpetua.flow.bench.process.Report;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Time from start to ready, and memory of the idle service, with and without startup caches. */
final class Startup {
  /** Sends requests to a running service, to train a cache. */
  @FunctionalInterface
  interface Training {
    void with(Service service) throws IOException;
  }

  /**
   * JVM options with a startup cache.
   *
   * @param training size of the cache and how it was trained; empty without a cache
   */
  private record Variant(String name, List<String> jvm, String training) {}

  private static final Duration IDLE = Duration.ofSeconds(10);
  private static final Duration DUMP = Duration.ofSeconds(60);

  private final Path jar;
  private final Path home;
  private final Map<String, String> environment;
  private final int times;

  Startup(Path jar, Path home, Map<String, String> environment, int times) {
    this.jar = jar;
    this.home = home;
    this.environment = environment;
    this.times = times;
  }

  void run(Training training, Report report) throws IOException, InterruptedException {
    report.print("");
    report.print(
        "Start to ready, median of %d, target < 2500 ms; memory after %d s idle with the default"
            + " heap, target < 250 MB:",
        times, IDLE.toSeconds());
    List<Variant> variants = new ArrayList<>();
    variants.add(new Variant("plain", List.of(), ""));
    Path archive = home.resolve("auto.jsa");
    List<String> auto = List.of("-XX:+AutoCreateSharedArchive", "-XX:SharedArchiveFile=" + archive);
    Files.deleteIfExists(archive);
    start(auto).close();
    variants.add(new Variant("CDS archive", auto, size(archive) + ", one start and stop"));
    Path help = fresh("help.aot");
    once(List.of("-XX:AOTCacheOutput=" + help), List.of("--help"));
    variants.add(
        new Variant("AOT cache", List.of("-XX:AOTCache=" + help), size(help) + ", --help"));
    Path real = fresh("real.aot");
    try (Service service = start(List.of("-XX:AOTCacheOutput=" + real))) {
      training.with(service);
    }
    variants.add(
        new Variant("AOT cache", List.of("-XX:AOTCache=" + real), size(real) + ", 400 requests"));
    List<Service> last = new ArrayList<>();
    try {
      List<Long> medians = new ArrayList<>();
      for (Variant variant : variants) {
        List<Long> millis = new ArrayList<>();
        for (int i = 1; i <= times; i++) {
          Service service = start(variant.jvm());
          millis.add(service.startToReady().toMillis());
          if (i < times) {
            service.close();
          } else {
            last.add(service);
          }
        }
        medians.add(millis.stream().sorted().toList().get(times / 2));
      }
      LockSupport.parkNanos(IDLE.toNanos());
      for (int i = 0; i < variants.size(); i++) {
        report.print(
            "  %-12s %5d ms %5d MB   %s",
            variants.get(i).name(),
            medians.get(i),
            last.get(i).residentMegabytes(),
            variants.get(i).training());
      }
    } finally {
      last.forEach(Service::close);
    }
  }

  private Service start(List<String> jvm) throws IOException {
    return new Service(jar, jvm, "api", environment, home.resolve("service.log"));
  }

  private void once(List<String> jvm, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
    command.addAll(jvm);
    command.addAll(List.of("-jar", jar.toString()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("training.log").toFile());
    Process process = builder.start();
    if (!process.waitFor(DUMP.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }

  private Path fresh(String name) throws IOException {
    Path file = home.resolve(name);
    Files.deleteIfExists(file);
    return file;
  }

  private static String size(Path file) throws IOException {
    return Files.size(file) / 1024 / 1024 + " MB";
  }
}
