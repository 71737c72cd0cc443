package app.perpetua.flow.http;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import java.time.Duration;

/** The phase that the service is in. It moves forward only. Thread-safe. */
public final class Lifecycle {
  private enum Phase {
    STARTING,
    SERVING,
    STOPPING
  }

  private volatile Phase phase = Phase.STARTING;

  /** A service that has started. */
  public static Lifecycle started() {
    Lifecycle lifecycle = new Lifecycle();
    lifecycle.serve();
    return lifecycle;
  }

  /** Requests are served from now on, unless the service is stopping. */
  public synchronized void serve() {
    if (phase == Phase.STARTING) {
      phase = Phase.SERVING;
    }
  }

  /**
   * The service is not ready from now on, so that load balancers send it no more requests. Those
   * that arrive are still served, each as the last of its connection.
   */
  public synchronized void stop() {
    phase = Phase.STOPPING;
  }

  public boolean isStarting() {
    return phase == Phase.STARTING;
  }

  public boolean isStopping() {
    return phase == Phase.STOPPING;
  }

  /** Refuses a request while the service starts. */
  public void requireStarted() {
    if (isStarting()) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the service is starting")
          .retryAfter(Duration.ofSeconds(1));
    }
  }
}
