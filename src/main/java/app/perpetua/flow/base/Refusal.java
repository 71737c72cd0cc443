package app.perpetua.flow.base;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The one business exception: the request is refused, its transaction is rolled back, and the
 * client reads {@code code}, {@code message} and the extra members. The message is public; a
 * private cause, if any, goes to the log alone. Carries no stack trace: a refusal is an answer, not
 * an accident.
 */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final transient List<FieldError> fieldErrors;
  private final transient Map<String, Object> extras;

  private Refusal(
      ErrorCode code,
      String message,
      List<FieldError> faults,
      Map<String, Object> extras,
      @Nullable Throwable cause) {
    super(message, cause, false, false);
    this.code = code;
    this.fieldErrors = faults;
    this.extras = extras;
  }

  /** A refusal with nothing but its code and a public message. */
  public static Refusal of(ErrorCode code, String message) {
    return new Refusal(code, message, List.of(), Map.of(), null);
  }

  /** {@code UNAUTHORIZED}, because the account of a valid access token was deleted. */
  public static Refusal accountDeleted() {
    return of(ErrorCode.UNAUTHORIZED, "this account was deleted");
  }

  /** A refusal for invalid input, naming every invalid field (at least one). */
  public static Refusal invalid(List<FieldError> faults) {
    String message =
        faults.size() == 1
            ? faults.getFirst().field() + " " + faults.getFirst().message()
            : faults.size() + " fields are invalid";
    return new Refusal(ErrorCode.VALIDATION_ERROR, message, List.copyOf(faults), Map.of(), null);
  }

  /** A refusal for one invalid field. */
  public static Refusal invalid(String field, String message) {
    return invalid(List.of(new FieldError(field, message)));
  }

  /** The same refusal with one more member in the error object. */
  public Refusal with(String member, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(extras);
    more.put(member, value);
    return new Refusal(code, message(), fieldErrors, more, getCause());
  }

  /** The same refusal, telling the client when to come back ({@code Retry-After}, seconds). */
  public Refusal retryAfter(Duration wait) {
    return with("retry_after", Math.max(1, Math.ceilDiv(wait.toMillis(), 1000)));
  }

  /** The same refusal with the private reason, for the log only. */
  public Refusal because(Throwable cause) {
    return new Refusal(code, message(), fieldErrors, extras, cause);
  }

  /** The error code. */
  public ErrorCode code() {
    return code;
  }

  /** The public message. */
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
