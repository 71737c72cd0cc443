package app.perpetua.flow.base;

/** A configured secret, which {@link #toString()} shows as {@code ***}. */
public record Secret(String value) {
  @Override
  public String toString() {
    return "***";
  }
}
