package app.perpetua.flow.chaos.fault;

/** A fault that cannot be injected here; the message says why. */
public final class Skipped extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  Skipped(String reason) {
    super(reason);
    this.reason = reason;
  }

  /** Why it is skipped. */
  public String reason() {
    return reason;
  }
}
