package app.perpetua.flow.sql;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The service's Java source, searched for statement names and bindings. */
final class Source {
  private static final Path JAVA = Path.of("src/main/java");

  /** Not the types of commands in batches, which look alike. */
  private static final Pattern NAME =
      Pattern.compile("(?<!ommand\\()\"([a-z]+)\\.[a-z][a-z0-9_]*\"");

  private static final Pattern BINDING = Pattern.compile("\\.bind\\(\\s*\"([^\"]*)\"\\s*,");
  private static final Pattern COMPUTED = Pattern.compile("\\.bind\\(\\s*[^\\s\")][^;]*");

  /** Files in which quoted names with a dot are configuration keys or event names. */
  private static final Set<String> OTHER_NAMES = Set.of("Config.java", "ActivityEntry.java");

  private Source() {}

  /** Quoted statement names of these features, anywhere in the source. */
  static Set<String> statements(Collection<String> features) {
    Set<String> names = new TreeSet<>();
    for (Path file : files()) {
      if (!OTHER_NAMES.contains(file.getFileName().toString())) {
        NAME.matcher(text(file))
            .results()
            .filter(match -> features.contains(match.group(1)))
            .map(match -> match.group().replace("\"", ""))
            .forEach(names::add);
      }
    }
    return names;
  }

  /** Names passed to {@link Query#bind}. */
  static Set<String> bindings() {
    return found(BINDING);
  }

  /** Bindings whose name is not a literal and therefore cannot be checked. */
  static Set<String> computedBindings() {
    return found(COMPUTED);
  }

  private static Set<String> found(Pattern pattern) {
    Set<String> found = new TreeSet<>();
    for (Path file : files()) {
      pattern
          .matcher(text(file))
          .results()
          .map(match -> match.groupCount() == 0 ? file + ": " + match.group() : match.group(1))
          .forEach(found::add);
    }
    return found;
  }

  private static List<Path> files() {
    try (Stream<Path> files = Files.walk(JAVA)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
