package app.perpetua.flow.chaos.fault;

import app.perpetua.flow.chaos.wire.PgProxy;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Faults of PostgreSQL and of the network in front of it. For one thread. */
final class DatabaseFaults {
  /** The mount of a small file system whose only user is the database. */
  static final String SMALL_DISK = "disk";

  private static final Duration FULL = Duration.ofSeconds(5);
  private static final Duration SLOW = Duration.ofSeconds(6);
  private static final Duration SHORT = Duration.ofSeconds(2);

  /** Longer than anybody may wait. */
  private static final Duration FROZEN_SHORT = Duration.ofSeconds(9);

  private static final Duration FROZEN = Duration.ofSeconds(20);
  private static final Duration FROZEN_LONG = Duration.ofSeconds(60);
  private static final int SLOW_MIN_MILLIS = 200;
  private static final int SLOW_MAX_MILLIS = 500;

  private final Stack stack;

  DatabaseFaults(Stack stack) {
    this.stack = stack;
  }

  long kill(Injection injection) {
    Runnable restart = stack.postgres().kill();
    injection.pause(100, 2_000);
    restart.run();
    stack.postgres().awaitAnswer();
    return System.nanoTime();
  }

  long freeze(Injection injection) {
    stack.postgres().freeze();
    Injection.hold(injection.isLong() ? FROZEN_LONG : injection.isShort() ? FROZEN_SHORT : FROZEN);
    stack.postgres().thaw();
    long healed = System.nanoTime();
    stack.postgres().awaitAnswer();
    return healed;
  }

  long slow(Injection injection) {
    Duration delay =
        Duration.ofMillis(injection.random().nextInt(SLOW_MIN_MILLIS, SLOW_MAX_MILLIS));
    proxies().forEach(proxy -> proxy.slow(delay));
    Injection.hold(injection.isShort() ? SHORT : SLOW);
    return heal();
  }

  /** Cuts the network for 1 s, 10 s and 60 s, in turn. */
  long cutNetwork(Injection injection, boolean resets) {
    long[] seconds = {1, 10, 60};
    long cut = seconds[(injection.number() - 1) % (injection.isLong() ? 3 : 2)];
    for (PgProxy proxy : proxies()) {
      if (resets) {
        proxy.refuse();
      } else {
        proxy.hold();
      }
    }
    Injection.hold(Duration.ofSeconds(cut));
    return heal();
  }

  /** Fills the file system of the database with a file. */
  long fill(Injection injection) throws IOException {
    Path filler = stack.home().resolve(SMALL_DISK).resolve("filler");
    try (OutputStream out = Files.newOutputStream(filler)) {
      byte[] block = new byte[8_192];
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      // Full.
    }
    Injection.hold(injection.isShort() ? SHORT : FULL);
    Files.delete(filler);
    stack.postgres().awaitAnswer();
    return System.nanoTime();
  }

  private long heal() {
    proxies().forEach(PgProxy::heal);
    return System.nanoTime();
  }

  private List<PgProxy> proxies() {
    return List.of(stack.apiProxy(), stack.workerProxy());
  }
}
