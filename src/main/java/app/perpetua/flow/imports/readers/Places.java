package app.perpetua.flow.imports.readers;

import app.perpetua.flow.imports.readers.Entry.Origin;
import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.tasks.Placement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The lists and labels of another program's file, in the order in which they are found. Not
 * thread-safe.
 */
final class Places {
  /** Of a file; a plan has room for fewer. */
  private static final int MAX_LABELS = 10_000;

  private final Map<String, Entry> lists = new LinkedHashMap<>();
  private final Map<String, Entry> labels = new LinkedHashMap<>();

  /** A list without an id, which is the same wherever it has this name; null if that is blank. */
  Filing.@Nullable Named list(String name) {
    return list(key(name), name, false);
  }

  /**
   * A list.
   *
   * @param id the same in each file of the source
   * @return null if the name is blank
   */
  Filing.@Nullable Named list(String id, String name, boolean archived) {
    String stored = stored(name);
    if (stored == null) {
      return null;
    }
    return named(lists, Texts.id(id), name, new Entry.TaskList(stored, null, archived), stored);
  }

  /**
   * A label, which is the same wherever it has this name.
   *
   * @param colour null if this place does not say
   */
  void label(String name, @Nullable String colour) {
    Filing.Named label = label(name);
    Entry known = label == null ? null : labels.get(label.id());
    if (known != null && colour != null) {
      labels.put(
          known.origin().id(),
          new Entry(
              known.origin(), new Entry.Label(known.origin().title(), colour), known.reasons()));
    }
  }

  /** Gives an item labels. Those that it cannot have go to its text. */
  void label(SourceItem item, List<String> names) {
    List<String> others = new ArrayList<>();
    for (String name : names) {
      Filing.Named label = label(name);
      if (label != null
          && (item.labels.size() < Placement.MAX_LABELS || item.labels.contains(label))) {
        item.labels.add(label);
      } else if (stored(name) != null) {
        others.add(Texts.title(Texts.storable(name)));
      }
    }
    item.keep(
        "Labels",
        String.join(", ", others),
        "A task has at most "
            + Placement.MAX_LABELS
            + " labels; the others are in the description.");
  }

  /** Null if the name is blank, or there are too many. */
  private Filing.@Nullable Named label(String name) {
    String stored = stored(name);
    if (stored == null || (labels.size() >= MAX_LABELS && !labels.containsKey(key(name)))) {
      return null;
    }
    return named(labels, key(name), name, new Entry.Label(stored, null), stored);
  }

  private static String key(String name) {
    return Texts.id(lowerCase(name));
  }

  private static String lowerCase(String name) {
    return Texts.title(name).toLowerCase(Locale.ROOT);
  }

  private static @Nullable String stored(String name) {
    String text = Texts.storable(name);
    return UnicodeText.isBlank(text) ? null : Texts.shortened(Texts.title(text), Texts.NAME);
  }

  /** The first with an id decides, so that all files of the source have the same. */
  private static Filing.Named named(
      Map<String, Entry> known, String id, String name, Entry.Content content, String stored) {
    String whole = Texts.title(Texts.storable(name));
    Entry first =
        known.computeIfAbsent(
            id,
            _ ->
                new Entry(
                    new Origin(null, id, stored),
                    content,
                    whole.equals(stored)
                        ? List.of()
                        : List.of(
                            "The name has more than "
                                + Texts.NAME
                                + " characters: "
                                + whole
                                + ".")));
    return new Filing.Named(id, first.origin().title());
  }

  /** Lists, then labels. */
  List<Entry> entries() {
    return Stream.concat(lists.values().stream(), labels.values().stream()).toList();
  }
}
