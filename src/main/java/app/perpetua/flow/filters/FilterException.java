package app.perpetua.flow.filters;

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

  /** What the filter must have at the position. */
  public String message() {
    return String.valueOf(getMessage());
  }
}
