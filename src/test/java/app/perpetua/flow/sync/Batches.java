package app.perpetua.flow.sync;

import app.perpetua.flow.harness.Api;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A batch of commands under construction, and what the service answers. Not thread-safe. */
public final class Batches {
  private static final String SYNC = "/api/v1/sync";
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final List<Map<String, Object>> commands = new ArrayList<>();
  private final Map<String, Object> members = new LinkedHashMap<>();

  /** The answer to a batch. */
  public record Answer(JsonNode data, List<String> uuids) {
    /** The result of the command at this place. */
    public JsonNode result(int place) {
      return data.get("results").get(uuids.get(place));
    }

    /** The statuses in the order of the commands. */
    public List<Integer> statuses() {
      return uuids.stream()
          .map(uuid -> data.get("results").get(uuid).get("status").intValue())
          .toList();
    }

    /** The error codes in the order of the commands; empty texts for successes. */
    public List<String> codes() {
      return uuids.stream()
          .map(uuid -> data.get("results").get(uuid).at("/error/code").asString(""))
          .toList();
    }

    /** The id of what the command with this temporary id created. */
    public String id(String tempId) {
      return data.get("temp_ids").get(tempId).stringValue();
    }
  }

  /** Adds a command with a new key. */
  public Batches add(String type, Map<String, ?> args) {
    Map<String, Object> command = new LinkedHashMap<>();
    command.put("uuid", UUID.randomUUID().toString());
    command.put("type", type);
    command.put("args", args);
    commands.add(command);
    return this;
  }

  /** Sets the temporary id of the last command. */
  public Batches as(String tempId) {
    return with("temp_id", tempId);
  }

  /** Sets a member of the last command; null removes it. */
  public Batches with(String member, @Nullable Object value) {
    if (value == null) {
      commands.getLast().remove(member);
    } else {
      commands.getLast().put(member, value);
    }
    return this;
  }

  /** Makes the batch atomic. */
  public Batches atomic() {
    members.put("atomic", true);
    return this;
  }

  /** Sets the client's token. */
  public Batches token(String token) {
    members.put("token", token);
    return this;
  }

  /** A batch of the first commands. */
  public Batches first(int count) {
    Batches part = new Batches();
    part.commands.addAll(commands.subList(0, count));
    part.members.putAll(members);
    return part;
  }

  /** The body of the request. */
  public Map<String, Object> body() {
    Map<String, Object> body = new LinkedHashMap<>(members);
    body.put("commands", commands);
    return body;
  }

  /** Sends the batch, which must be valid. */
  public Answer send(Api api) {
    return new Answer(api.post(SYNC, body()).expect(200).data(), uuids());
  }

  /** Sends the batch until all commands have been executed, as a client does after an outage. */
  public Answer sendUntilExecuted(Api api) {
    while (true) {
      Api.Answer answer = api.post(SYNC, body());
      if (answer.status() != 503) {
        Answer executed = new Answer(answer.expect(200).data(), uuids());
        if (executed.data.get("results").valueStream().noneMatch(Batches::isPassing)) {
          return executed;
        }
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  private static boolean isPassing(JsonNode result) {
    return result.path("error").has("retry_after");
  }

  private List<String> uuids() {
    return commands.stream().map(command -> String.valueOf(command.get("uuid"))).toList();
  }

  /** Sends the batch, whatever the service answers. */
  public Api.Answer sendInvalid(Api api) {
    return api.invalidOnPurpose().post(SYNC, body());
  }
}
