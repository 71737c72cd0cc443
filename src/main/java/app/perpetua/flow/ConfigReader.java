package app.perpetua.flow;

import app.perpetua.flow.base.Secret;
import io.helidon.config.ConfigSources;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads {@code application.yaml}, whose placeholders name environment variables. Collects all
 * errors instead of stopping at the first; an error names the variable, never its value. A value
 * that is missing or invalid is replaced by a valid one. Not thread-safe.
 */
final class ConfigReader {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Z_]+)(?::(.*))?}");

  private final io.helidon.config.Config yaml;
  private final Map<String, String> environment;
  private final List<String> errors = new ArrayList<>();

  ConfigReader(Map<String, String> environment) {
    this.environment = environment;
    this.yaml =
        io.helidon.config.Config.builder(ConfigSources.classpath("application.yaml"))
            .disableEnvironmentVariablesSource()
            .disableSystemPropertiesSource()
            .disableValueResolving()
            .disableCaching()
            .build();
  }

  List<String> errors() {
    return errors;
  }

  /** All variables of the file, with their defaults, and the environment. */
  Variables variables() {
    Map<String, String> defaults = new HashMap<>();
    for (String raw : yaml.asMap().get().values()) {
      Matcher placeholder = PLACEHOLDER.matcher(raw);
      if (placeholder.matches()) {
        defaults.put(placeholder.group(1), Objects.requireNonNullElse(placeholder.group(2), ""));
      }
    }
    return new Variables(environment, defaults);
  }

  /** The text of a required value. */
  String text(String key) {
    return required(key, Function.identity()).orElse("");
  }

  Optional<String> optional(String key) {
    return value(key).text();
  }

  Optional<Secret> secret(String key) {
    return optional(key).map(Secret::new);
  }

  List<String> list(String key) {
    return optional(key).stream()
        .flatMap(text -> Arrays.stream(text.split(",", -1)))
        .map(String::strip)
        .filter(item -> !item.isEmpty())
        .toList();
  }

  /** As {@link #list}; an IllegalArgumentException of the parser becomes an error. */
  <T> List<T> list(String key, Function<String, T> parser) {
    return list(key).stream().flatMap(item -> parse(key, item, parser).stream()).toList();
  }

  int integer(String key, int min, int max) {
    String text = optional(key).orElse("");
    if (text.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= min && number <= max) {
        return number;
      }
    }
    addError(key, "must be a whole number from " + min + " to " + max);
    return min;
  }

  URI httpUri(String key) {
    try {
      URI uri = new URI(optional(key).orElse(""));
      if (uri.getHost() != null && List.of("http", "https").contains(uri.getScheme())) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Reported below, as a URI of another scheme is.
    }
    addError(key, "must be an http or https URL");
    return URI.create("http://invalid.invalid");
  }

  String oneOf(String key, String... allowed) {
    String text = optional(key).orElse("");
    if (!Arrays.asList(allowed).contains(text)) {
      addError(key, "must be one of " + String.join(", ", allowed));
      return allowed[0];
    }
    return text;
  }

  /** A parsed value; an IllegalArgumentException of the parser becomes an error. */
  <T> Optional<T> parsed(String key, Function<String, T> parser) {
    return optional(key).flatMap(text -> parse(key, text, parser));
  }

  /** As {@link #parsed}, for a value that must be set. */
  <T> Optional<T> required(String key, Function<String, T> parser) {
    if (optional(key).isEmpty()) {
      addMissing(key, "is required");
    }
    return parsed(key, parser);
  }

  private <T> Optional<T> parse(String key, String text, Function<String, T> parser) {
    try {
      return Optional.of(parser.apply(text));
    } catch (IllegalArgumentException e) {
      addError(key, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  /** Adds an error about the variable of that key. */
  void addError(String key, String message) {
    errors.add(value(key).variable() + " " + message);
  }

  /** Adds an error about a variable that is not set; names the one that was set in its place. */
  void addMissing(String key, String message) {
    String variable = value(key).variable();
    addError(
        key,
        message
            + variables()
                .mistyped(variable)
                .map(name -> "; " + name + " is set, but has no meaning: is it mistyped?")
                .orElse(""));
  }

  private record Value(String variable, Optional<String> text) {}

  private Value value(String key) {
    String raw = yaml.get(key).asString().get();
    Matcher placeholder = PLACEHOLDER.matcher(raw);
    if (!placeholder.matches()) {
      return new Value(key, Optional.of(raw));
    }
    String variable = placeholder.group(1);
    String given = environment.get(variable);
    Optional<String> text =
        given == null || given.isBlank()
            ? Optional.ofNullable(placeholder.group(2))
            : Optional.of(given);
    return new Value(variable, text.filter(t -> !t.isBlank()));
  }
}
