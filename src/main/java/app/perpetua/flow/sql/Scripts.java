package app.perpetua.flow.sql;

import app.perpetua.flow.sql.TxConnection.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The texts of statements that leave as one message. Those of short lists are kept: the driver
 * finds its prepared statements by the text, and the hash of a new string must be computed first.
 * Thread-safe.
 */
final class Scripts {
  /** More than the frequent combinations; the others are joined each time. */
  private static final int CAPACITY = 500;

  /** A longer list is a change of many rows, and hardly ever repeats. */
  private static final int MAX_STATEMENTS = 8;

  private final ConcurrentHashMap<List<String>, String> committing = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<List<String>, String> joined = new ConcurrentHashMap<>();

  /** The statements, separated by semicolons. */
  String joined(List<Call> calls) {
    return calls.size() == 1
        ? calls.getFirst().statement().driverSql()
        : text(joined, calls, Scripts::join);
  }

  /** The statements, followed by {@code commit}. */
  String committing(List<Call> calls) {
    return text(committing, calls, all -> join(all) + ";\ncommit");
  }

  /** The names of the statements, for messages. */
  static String names(List<Call> calls) {
    return String.join(DatabaseException.TOGETHER, keys(calls));
  }

  private static String text(
      ConcurrentHashMap<List<String>, String> kept,
      List<Call> calls,
      Function<List<Call>, String> build) {
    if (calls.size() > MAX_STATEMENTS) {
      return build.apply(calls);
    }
    List<String> key = keys(calls);
    String text = kept.get(key);
    if (text == null) {
      text = build.apply(calls);
      if (kept.size() < CAPACITY) {
        kept.put(key, text);
      }
    }
    return text;
  }

  private static List<String> keys(List<Call> calls) {
    List<String> keys = new ArrayList<>(calls.size());
    calls.forEach(call -> keys.add(call.statement().name()));
    return keys;
  }

  private static String join(List<Call> calls) {
    return calls.stream()
        .map(call -> call.statement().driverSql())
        .collect(Collectors.joining(";\n"));
  }
}
