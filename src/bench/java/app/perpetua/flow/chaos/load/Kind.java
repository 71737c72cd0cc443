package app.perpetua.flow.chaos.load;

/** A kind of write, with the refusal that is not a failure. */
public enum Kind {
  CREATE_TASK,
  CHANGE_TASK,
  /** With the version before the last one. */
  CHANGE_STALE_TASK("CONFLICT"),
  COMPLETE_TASK,
  DELETE_TASK,
  RECOVER_TASK,
  CREATE_NOTE,
  CHANGE_NOTE,
  DELETE_NOTE,
  /** In the near future, which may have passed when the service is back. */
  REMIND("VALIDATION_ERROR"),
  CHAT,
  TRANSCRIBE,
  PURCHASE,
  /** An event of the payment provider, which has no idempotency key. */
  WEBHOOK;

  private final String refusal;

  Kind() {
    this("");
  }

  Kind(String refusal) {
    this.refusal = refusal;
  }

  /** Whether a refusal with this code is expected; it has no effect and frees the key. */
  boolean mayBeRefusedWith(String code) {
    return !refusal.isEmpty() && refusal.equals(code);
  }

  /** Whether a provider's time limit is added to the service's. */
  boolean callsProvider() {
    return this == CHAT || this == TRANSCRIBE || this == PURCHASE;
  }
}
