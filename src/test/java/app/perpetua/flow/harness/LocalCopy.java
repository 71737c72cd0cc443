package app.perpetua.flow.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A client's copy of a user's data, kept up to date as the contract describes. Not thread-safe. */
public final class LocalCopy {
  private final String query;
  private final Map<String, JsonNode> entities = new TreeMap<>();
  private Api api;
  private @Nullable String token;
  private boolean inSnapshot;

  /** A copy of all types, read in pages of this size. */
  public LocalCopy(Api api, int limit) {
    this(api, "limit=" + limit);
  }

  public LocalCopy(Api api, String query) {
    this.api = api;
    this.query = query;
  }

  /** Goes on with another session of the user. */
  public void use(Api session) {
    api = session;
  }

  /** A snapshot of everything, by type and id. */
  public static Map<String, JsonNode> snapshot(Api api) {
    LocalCopy copy = new LocalCopy(api, 1_000);
    copy.update();
    return copy.entities();
  }

  /** Reads until nothing more follows; returns the changes. */
  public List<JsonNode> update() {
    List<JsonNode> changes = new ArrayList<>();
    JsonNode answer;
    do {
      answer = readOne();
      answer.get("changes").forEach(changes::add);
    } while (answer.get("has_more").asBoolean());
    return changes;
  }

  /** Reads one answer and applies it; returns it. */
  public JsonNode readOne() {
    JsonNode data =
        api.get("/api/v1/sync?" + query + (token == null ? "" : "&token=" + token))
            .expect(200)
            .data();
    boolean full = data.get("full").asBoolean();
    if (full && !inSnapshot) {
      entities.clear();
    }
    inSnapshot = full;
    Set<String> keys = new HashSet<>();
    for (JsonNode change : data.get("changes")) {
      String key = change.get("type").asString() + " " + change.get("id").asString();
      assertTrue(keys.add(key), "twice in one answer: " + key);
      assertEquals(change.get("deleted").asBoolean(), change.get("data").isNull());
      if (change.get("deleted").asBoolean()) {
        assertFalse(full, "a snapshot has no deleted entities");
        entities.remove(key);
      } else {
        entities.put(key, change);
      }
    }
    for (JsonNode id : data.get("unmatched")) {
      assertFalse(full, "a snapshot has only what matches");
      assertFalse(keys.contains("task " + id.asString()), "matches and does not: " + id);
      entities.remove("task " + id.asString());
    }
    token = data.get("token").asString();
    return data;
  }

  /** By type and id, in that order. */
  public Map<String, JsonNode> entities() {
    return entities;
  }

  /** An entity by type and id, such as {@code note 019b…}. */
  public JsonNode get(String key) {
    return Objects.requireNonNull(entities.get(key), key);
  }

  /** Of the last answer. */
  public String token() {
    return Objects.requireNonNull(token);
  }
}
