package app.perpetua.flow.lists;

import app.perpetua.flow.parsing.JsonReader;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A place in an order: before or after a neighbour, first, or last.
 *
 * @param neighbour null for the first and the last place
 * @param before whether it is the place before the neighbour, or without one the first
 */
record Destination(@Nullable UUID neighbour, boolean before) {
  /** Reads {@code before}, {@code after} and {@code first}, of which at most one may be given. */
  static Destination read(JsonReader body) {
    UUID before = body.uuid("before");
    UUID after = body.uuid("after");
    boolean first = Boolean.TRUE.equals(body.bool("first"));
    if (Stream.of(before != null, after != null, first).filter(given -> given).count() > 1) {
      body.addError(
          before == null ? "after" : "before", "at most one of before, after and first may be set");
    }
    return before != null ? new Destination(before, true) : new Destination(after, first);
  }
}
