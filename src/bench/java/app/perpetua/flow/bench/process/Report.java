package app.perpetua.flow.bench.process;

/** Prints a line of the report, in the format of {@link String#format}. */
@FunctionalInterface
public interface Report {
  void print(String format, Object... values);
}
