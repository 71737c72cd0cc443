package app.perpetua.flow.base;

/**
 * A configured value that must never be printed: {@link #toString()} shows {@code ***}.
 *
 * @param value the secret itself; hand it only to what needs it
 */
public record Secret(String value) {
  @Override
  public String toString() {
    return "***";
  }
}
