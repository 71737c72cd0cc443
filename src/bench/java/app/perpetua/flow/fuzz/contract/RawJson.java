package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.harness.hostile.Hostile;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON that may be invalid: a tree with a {@link Hostile.Literal} or a {@link Twice} anywhere. */
final class RawJson {
  /** A member that occurs twice in its object. */
  record Twice(@Nullable Object first, @Nullable Object second) {}

  private RawJson() {}

  static byte[] bytes(@Nullable Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(value, out);
    return out.toByteArray();
  }

  private static void write(@Nullable Object value, ByteArrayOutputStream out) {
    switch (value) {
      case null -> out.writeBytes("null".getBytes(StandardCharsets.UTF_8));
      case Hostile.Literal literal -> out.writeBytes(literal.bytes());
      case Map<?, ?> members -> {
        out.write('{');
        boolean first = true;
        for (Map.Entry<?, ?> member : members.entrySet()) {
          String name = String.valueOf(member.getKey());
          if (member.getValue() instanceof Twice twice) {
            first = member(name, twice.first(), first, out);
            first = member(name, twice.second(), first, out);
          } else {
            first = member(name, member.getValue(), first, out);
          }
        }
        out.write('}');
      }
      case List<?> items -> {
        out.write('[');
        for (int i = 0; i < items.size(); i++) {
          if (i > 0) {
            out.write(',');
          }
          write(items.get(i), out);
        }
        out.write(']');
      }
      case String text -> out.writeBytes(Hostile.quoted(text).getBytes(StandardCharsets.UTF_8));
      case Object other -> out.writeBytes(other.toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  private static boolean member(
      String name, @Nullable Object value, boolean first, ByteArrayOutputStream out) {
    if (!first) {
      out.write(',');
    }
    write(name, out);
    out.write(':');
    write(value, out);
    return false;
  }

  /** A copy whose maps and lists can be changed. */
  static @Nullable Object copy(@Nullable Object value) {
    return switch (value) {
      case Map<?, ?> members -> {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        members.forEach((name, member) -> copy.put(String.valueOf(name), copy(member)));
        yield copy;
      }
      case List<?> items -> {
        List<@Nullable Object> copy = new ArrayList<>();
        items.forEach(item -> copy.add(copy(item)));
        yield copy;
      }
      case null -> null;
      case Object other -> other;
    };
  }

  /** The value at a path of names and indexes; null if there is none. */
  static @Nullable Object at(@Nullable Object root, List<Object> path) {
    Object node = root;
    for (Object step : path) {
      node =
          switch (node) {
            case Map<?, ?> members -> members.get(step);
            case List<?> items when step instanceof Integer i && i < items.size() -> items.get(i);
            case null, default -> null;
          };
    }
    return node;
  }

  /**
   * Sets a copy of the value at a path of a tree from {@link #copy}, and creates objects on the way
   * to it. Does nothing if the path leads through something else.
   */
  @SuppressWarnings("unchecked")
  static void set(@Nullable Object root, List<Object> path, @Nullable Object value) {
    Object node = root;
    for (int i = 0; i < path.size(); i++) {
      boolean last = i == path.size() - 1;
      Object step = path.get(i);
      if (node instanceof Map<?, ?> members) {
        Map<String, @Nullable Object> map = (Map<String, @Nullable Object>) members;
        if (last) {
          map.put(String.valueOf(step), copy(value));
        } else {
          node = map.computeIfAbsent(String.valueOf(step), _ -> new LinkedHashMap<>());
        }
      } else if (node instanceof List<?> items && step instanceof Integer index) {
        if (index >= items.size()) {
          return;
        }
        if (last) {
          ((List<@Nullable Object>) items).set(index, copy(value));
        } else {
          node = items.get(index);
        }
      } else {
        return;
      }
    }
  }

  /** Removes the member or item at a path. */
  static void remove(@Nullable Object root, List<Object> path) {
    Object parent = at(root, path.subList(0, path.size() - 1));
    Object step = path.getLast();
    if (parent instanceof Map<?, ?> members) {
      members.remove(step);
    } else if (parent instanceof List<?> items && step instanceof Integer i && i < items.size()) {
      items.remove((int) i);
    }
  }
}
