package app.perpetua.flow.base;

/**
 * One invalid field of a request.
 *
 * @param field the field's path as the client wrote it, such as {@code due_date} or {@code
 *     keys.auth}
 * @param message what the field must be, without quoting its value
 */
public record FieldError(String field, String message) {}
