package app.perpetua.flow;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The environment variables of a process, beside those that {@code application.yaml} names. Finds
 * mistyped names. Immutable.
 */
final class Variables {
  /** Prefixes that operators add to the names of a service's variables. */
  private static final List<String> OWN_PREFIXES = List.of("PERPETUA_FLOW_", "PERPETUA_", "FLOW_");

  /** Set by platforms and runtimes for purposes of their own. */
  private static final List<String> FOREIGN_PREFIXES =
      List.of("RAILWAY_", "KUBERNETES_", "JAVA_", "JDK_", "NIXPACKS_", "DOCKER_", "GITHUB_");

  /** Set by Kubernetes for each service of a namespace. */
  private static final List<String> FOREIGN_SUFFIXES = List.of("_SERVICE_HOST", "_SERVICE_PORT");

  /** The value of FLOW_PORT, if Kubernetes or Docker links a service that is called flow. */
  private static final String SERVICE_LINK = "tcp://";

  /** Letters from which on one wrong letter, and two, can only be a typing error. */
  private static final int MIN_LENGTH_FOR_ONE = 8;

  private static final int MIN_LENGTH_FOR_TWO = 12;

  private final Map<String, String> environment;
  private final Map<String, String> defaults;

  /**
   * @param defaults the default of each known variable; an empty text if it has none
   */
  Variables(Map<String, String> environment, Map<String, String> defaults) {
    this.environment = Map.copyOf(environment);
    this.defaults = Map.copyOf(defaults);
  }

  /** The names in {@code application.yaml}. */
  Set<String> known() {
    return defaults.keySet();
  }

  /** The value exactly as it is set; empty if the variable is not set. */
  Optional<String> raw(String name) {
    return Optional.ofNullable(environment.get(name));
  }

  /** Whether the variable has a value of its own. */
  boolean isSet(String name) {
    return raw(name).filter(text -> !text.isBlank()).isPresent();
  }

  /** The value or its default, without white space around it; empty if there is neither. */
  Optional<String> value(String name) {
    return raw(name)
        .filter(text -> !text.isBlank())
        .or(() -> Optional.ofNullable(defaults.get(name)))
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  /** The entries of a comma-separated value. */
  List<String> list(String name) {
    return value(name).stream()
        .flatMap(text -> Arrays.stream(text.split(",", -1)))
        .map(String::strip)
        .filter(entry -> !entry.isEmpty())
        .toList();
  }

  /** Whether any variable has this prefix. */
  boolean hasPrefix(String prefix) {
    return environment.keySet().stream().anyMatch(name -> name.startsWith(prefix));
  }

  /** Variables that are set and unknown, with the known name that was probably meant; sorted. */
  SortedMap<String, String> mistyped() {
    SortedMap<String, String> found = new TreeMap<>();
    for (String name : environment.keySet()) {
      nearest(name).ifPresent(known -> found.put(name, known));
    }
    return found;
  }

  /** A variable that is set and was probably meant to be the known one. */
  Optional<String> mistyped(String known) {
    return mistyped().entrySet().stream()
        .filter(entry -> entry.getValue().equals(known))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private Optional<String> nearest(String name) {
    if (known().contains(name) || isForeign(name, environment.getOrDefault(name, ""))) {
      return Optional.empty();
    }
    return known().stream()
        .filter(known -> distance(name, known) <= allowed(name, known))
        .min(
            Comparator.comparingInt((String known) -> distance(name, known))
                .thenComparing(Comparator.naturalOrder()));
  }

  private static boolean isForeign(String name, String value) {
    return value.startsWith(SERVICE_LINK)
        || FOREIGN_PREFIXES.stream().anyMatch(name::startsWith)
        || FOREIGN_SUFFIXES.stream().anyMatch(name::endsWith);
  }

  /**
   * No known name contains a digit: names with one, such as DATABASE_URL_2, are no typing error.
   */
  private static int allowed(String name, String known) {
    if (name.chars().anyMatch(Character::isDigit) || known.length() < MIN_LENGTH_FOR_ONE) {
      return 0;
    }
    return known.length() < MIN_LENGTH_FOR_TWO ? 1 : 2;
  }

  /** Zero if the names differ in case, separators, prefix, plurals or the order of words only. */
  private static int distance(String name, String known) {
    Set<String> forms = new LinkedHashSet<>();
    forms.add(name.toUpperCase(Locale.ROOT));
    for (String prefix : OWN_PREFIXES) {
      if (forms.iterator().next().startsWith(prefix)) {
        forms.add(forms.iterator().next().substring(prefix.length()));
      }
    }
    return forms.stream().mapToInt(form -> distanceOf(form, known)).min().orElseThrow();
  }

  private static int distanceOf(String name, String known) {
    if (letters(name).equals(letters(known)) || words(name).equals(words(known))) {
      return 0;
    }
    return edits(letters(name), letters(known));
  }

  private static String letters(String name) {
    return name.replaceAll("[^A-Z0-9]", "");
  }

  private static String words(String name) {
    return Arrays.stream(name.split("[^A-Z0-9]+", -1))
        .map(word -> word.replaceFirst("IES$", "Y"))
        .map(word -> word.length() > 3 || word.equals("IDS") ? word.replaceFirst("S$", "") : word)
        .sorted()
        .collect(Collectors.joining("_"));
  }

  /** Inserted, deleted, replaced and swapped letters (optimal string alignment). */
  private static int edits(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int replace = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        cost[i][j] = Math.min(replace, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        boolean swapped =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        if (swapped) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
