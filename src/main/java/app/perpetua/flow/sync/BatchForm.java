package app.perpetua.flow.sync;

import app.perpetua.flow.http.Batch.Command;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.Formats;
import app.perpetua.flow.parsing.JsonIds;
import app.perpetua.flow.parsing.JsonReader;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Parses the commands of a batch. Thread-safe. */
final class BatchForm {
  private static final int MAX_COMMANDS = 100;
  private static final int MAX_TEMP_ID = 100;

  /** By the type of command, in the order of their names. */
  private final Map<String, Route> routes = new TreeMap<>();

  /**
   * @param routes of the service; those without a type of command are ignored
   * @throws IllegalArgumentException if two have the same type of command
   */
  BatchForm(List<Route> routes) {
    for (Route route : routes) {
      Route.CommandType type = route.command();
      if (type != null && this.routes.put(type.name(), route) != null) {
        throw new IllegalArgumentException("duplicate type of command: " + type.name());
      }
    }
  }

  /**
   * Reads {@code commands}. Errors in the arguments of single commands are found when they run,
   * except references to what no earlier command creates.
   *
   * @return complete only if {@link JsonReader#validate} finds no errors
   */
  List<Command> read(JsonReader body) {
    List<JsonReader> items = body.required("commands").objects("commands", 1, MAX_COMMANDS);
    if (items == null) {
      return List.of();
    }
    List<Optional<String>> names = items.stream().map(BatchForm::tempId).toList();
    Map<String, Integer> creators = new HashMap<>();
    Set<UUID> uuids = new HashSet<>();
    List<Command> commands = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      int place = i;
      names.get(i).ifPresent(name -> creators.putIfAbsent(name, place));
    }
    for (int i = 0; i < names.size(); i++) {
      JsonReader item = items.get(i);
      String name = names.get(i).orElse(null);
      if (name != null && !Integer.valueOf(i).equals(creators.get(name))) {
        item.addError("temp_id", "must be unique in the batch");
      }
      UUID key = item.required("uuid", "type").uuid("uuid");
      if (key != null && !uuids.add(key)) {
        item.addError("uuid", "must be unique in the batch");
      }
      Route route = route(item, name);
      ObjectNode args =
          Objects.requireNonNullElseGet(item.unread("args"), JsonNodeFactory.instance::objectNode);
      checkReferences(item, args, i, creators);
      Integer version = version(item, route, args);
      if (key != null && route != null) {
        String uuid = Objects.requireNonNull(item.untrimmedText("uuid", 0, MAX_TEMP_ID));
        commands.add(new Command(uuid, key, route, name, args, version));
      }
    }
    return commands;
  }

  private static Optional<String> tempId(JsonReader item) {
    return Optional.ofNullable(item.untrimmedText("temp_id", 1, MAX_TEMP_ID));
  }

  private @Nullable Route route(JsonReader item, @Nullable String tempId) {
    String type = item.oneOf("type", routes.keySet().toArray(String[]::new));
    Route route = type == null ? null : routes.get(type);
    if (route != null && tempId != null && route.created() == null) {
      item.addError("temp_id", "must be absent: " + type + " creates nothing");
    }
    return route;
  }

  private static void checkReferences(
      JsonReader item, ObjectNode args, int place, Map<String, Integer> creators) {
    JsonIds.replaced(
        args,
        (member, id) -> {
          Integer creator = creators.get(id);
          if (creator == null && Formats.uuid(id) == null) {
            item.addError("args." + member, "must be a UUID or the temp_id of an earlier command");
          } else if (creator != null && creator >= place) {
            item.addError("args." + member, "must be the temp_id of an earlier command");
          }
          return id;
        });
  }

  private static @Nullable Integer version(
      JsonReader item, @Nullable Route route, ObjectNode args) {
    Integer version = item.integer("if_version", Integer.MIN_VALUE, Integer.MAX_VALUE);
    if (version == null || route == null) {
      return version;
    }
    if (!route.takesVersion()) {
      item.addError("if_version", "must be absent: this type depends on no version");
    } else if (args.path("version").isNumber()
        && args.path("version").decimalValue().compareTo(BigDecimal.valueOf(version)) != 0) {
      item.addError("if_version", "must not differ from args.version");
    }
    return version;
  }
}
