package app.perpetua.flow;

import app.perpetua.flow.base.Secret;
import io.helidon.config.ConfigSources;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads {@code application.yaml} with the environment put in, noting every fault instead of
 * stopping at the first. A fault names the variable, never its value. Not thread-safe.
 */
final class ConfigReader {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Z_]+)(?::(.*))?}");

  private final io.helidon.config.Config yaml;
  private final Map<String, String> environment;
  private final List<String> faults = new ArrayList<>();

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

  /** Every fault found so far, one line each. */
  List<String> faults() {
    return faults;
  }

  /** A value that must be there. */
  String text(String key) {
    Value value = value(key);
    return value
        .text()
        .orElseGet(
            () -> {
              fault(value.variable(), "is required");
              return "";
            });
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

  int integer(String key, int min, int max) {
    Value value = value(key);
    String text = value.text().orElse("");
    if (text.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= min && number <= max) {
        return number;
      }
    }
    fault(value.variable(), "must be a whole number from " + min + " to " + max);
    return min;
  }

  URI httpUri(String key) {
    Value value = value(key);
    try {
      URI uri = new URI(value.text().orElse(""));
      if (uri.getHost() != null && List.of("http", "https").contains(uri.getScheme())) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Told below, in the same words as a URI of another scheme.
    }
    fault(value.variable(), "must be an http or https URL");
    return URI.create("http://invalid.invalid");
  }

  String oneOf(String key, String... allowed) {
    Value value = value(key);
    String text = value.text().orElse("");
    if (!Arrays.asList(allowed).contains(text)) {
      fault(value.variable(), "must be one of " + String.join(", ", allowed));
      return allowed[0];
    }
    return text;
  }

  /** Whatever the parser makes of the text; its IllegalArgumentException becomes a fault. */
  <T> Optional<T> parsed(String key, Function<String, T> parser) {
    Value value = value(key);
    try {
      return value.text().map(parser);
    } catch (IllegalArgumentException e) {
      fault(value.variable(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  /** As {@link #parsed}, for a value that must be there. */
  <T> Optional<T> required(String key, Function<String, T> parser) {
    return text(key).isEmpty() ? Optional.empty() : parsed(key, parser);
  }

  void fault(String variable, String message) {
    faults.add(variable + " " + message);
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
