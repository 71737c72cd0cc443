package app.perpetua.flow.base;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a request: its transaction is rolled back, and the response is an error with the code,
 * the message and the extra members. The message is public; the cause, if any, is only logged. Has
 * no stack trace.
 */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final transient List<FieldError> fieldErrors;
  private final transient Map<String, Object> extras;

  private Refusal(
      ErrorCode code,
      String message,
      List<FieldError> fieldErrors,
      Map<String, Object> extras,
      @Nullable Throwable cause) {
    super(message, cause, false, false);
    this.code = code;
    this.fieldErrors = fieldErrors;
    this.extras = extras;
  }

  public static Refusal of(ErrorCode code, String message) {
    return new Refusal(code, message, List.of(), Map.of(), null);
  }

  /** {@code UNAUTHORIZED} because the account of a valid access token was deleted. */
  public static Refusal accountDeleted() {
    return of(ErrorCode.UNAUTHORIZED, "this account was deleted");
  }

  /** {@code VALIDATION_ERROR} for these fields, of which there is at least one. */
  public static Refusal invalid(List<FieldError> errors) {
    String message =
        errors.size() == 1
            ? errors.getFirst().field() + " " + errors.getFirst().message()
            : errors.size() + " fields are invalid";
    return new Refusal(ErrorCode.VALIDATION_ERROR, message, List.copyOf(errors), Map.of(), null);
  }

  /** {@code VALIDATION_ERROR} for one field. */
  public static Refusal invalid(String field, String message) {
    return invalid(List.of(new FieldError(field, message)));
  }

  /** {@code LIMIT_EXCEEDED}, with the limit and the current number. */
  public static Refusal limitExceeded(String message, int limit, int current) {
    return of(ErrorCode.LIMIT_EXCEEDED, message).with("limit", limit).with("current", current);
  }

  /**
   * Checks the version that a change is based on.
   *
   * @param noun what changes, such as {@code note}
   * @param expected null accepts every version
   * @throws Refusal {@code CONFLICT} with the current version, if the expected one is another
   */
  public static void checkVersion(String noun, @Nullable Integer expected, int current) {
    if (expected != null && expected != current) {
      throw of(ErrorCode.CONFLICT, "the " + noun + " has changed since version " + expected)
          .with("current_version", current);
    }
  }

  /** A copy with one more member in the error object. */
  public Refusal with(String member, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(extras);
    more.put(member, value);
    return new Refusal(code, message(), fieldErrors, more, getCause());
  }

  /** A copy with {@code retry_after} and a {@code Retry-After} header, in whole seconds. */
  public Refusal retryAfter(Duration wait) {
    return with("retry_after", Math.max(1, Math.ceilDiv(wait.toMillis(), 1000)));
  }

  /** A copy with the cause, for the log. */
  public Refusal because(Throwable cause) {
    return new Refusal(code, message(), fieldErrors, extras, cause);
  }

  public ErrorCode code() {
    return code;
  }

  public String message() {
    return String.valueOf(getMessage());
  }

  /** The invalid fields; empty unless the code is {@code VALIDATION_ERROR}. */
  public List<FieldError> fieldErrors() {
    return fieldErrors;
  }

  /** Further members of the error object, in order. */
  public Map<String, Object> extras() {
    return extras;
  }
}
