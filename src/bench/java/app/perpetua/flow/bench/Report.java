package app.perpetua.flow.bench;

/** Prints a line of the report, in the format of {@link String#format}. */
@FunctionalInterface
interface Report {
  void print(String format, Object... values);
}
