package app.perpetua.flow.filters;

import app.perpetua.flow.base.Refusal;

/** A filter that cannot be used. The message never contains words of the user. */
public final class FilterException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int position;

  /**
   * @param position code points before the place in the filter's text that is wrong
   * @param message what the filter must have there
   */
  FilterException(int position, String message) {
    super(message, null, false, false);
    this.position = position;
  }

  /** Code points before the place in the text, from 0 to the length of the text. */
  public int position() {
    return position;
  }

  /** {@code VALIDATION_ERROR} for a field, with the position as a member of the error. */
  public Refusal refusal(String field) {
    return Refusal.invalid(field, "is not valid at character " + position + ": " + message())
        .with("position", position);
  }

  /** What the filter must have at the position. */
  public String message() {
    return String.valueOf(getMessage());
  }
}
