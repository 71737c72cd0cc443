package app.perpetua.flow.bench.scale;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import tools.jackson.databind.JsonNode;

/** A client that builds a copy of a user's data, and keeps it up to date. */
final class Synchronization {
  static final double ENTITIES_A_SECOND = 20_000;
  static final double CHANGES_MILLIS = 20;
  static final double HEAP_MEGABYTES = 64;
  static final int CHANGES = 100;

  private static final String SYNC = "/api/v1/sync?limit=";
  private static final int PAGE = 1_000;

  /** The heap is measured after so many pages, because that takes a full collection. */
  private static final int SAMPLE = 20;

  private static final double MEGABYTE = 1024.0 * 1024;

  /**
   * What a snapshot took.
   *
   * @param seconds until its last answer was read
   * @param heapMegabytes the most that the heap grew, measured after full collections
   * @param token goes on after it
   */
  record Snapshot(int entities, double seconds, double heapMegabytes, String token) {
    double entitiesASecond() {
      return entities / seconds;
    }

    boolean isWithinTargets() {
      return entitiesASecond() >= ENTITIES_A_SECOND && heapMegabytes < HEAP_MEGABYTES;
    }
  }

  private final Service service;
  private final HttpConnection connection;
  private final String user;
  private final Json json = new Json();

  /**
   * @param user an access token
   */
  Synchronization(Service service, HttpConnection connection, String user) {
    this.service = service;
    this.connection = connection;
    this.user = user;
  }

  Snapshot snapshot() throws IOException {
    long idle = service.heapBytes();
    long most = idle;
    long nanos = 0;
    int entities = 0;
    int pages = 0;
    String token = "";
    boolean hasMore = true;
    while (hasMore) {
      long begun = System.nanoTime();
      HttpConnection.Answer answer = get(SYNC + PAGE + "&token=" + token);
      nanos += System.nanoTime() - begun;
      JsonNode data = json.parse(answer.body()).get("data");
      entities += data.get("changes").size();
      token = data.get("token").stringValue();
      hasMore = data.get("has_more").booleanValue();
      if (++pages % SAMPLE == 0) {
        most = Math.max(most, service.heapBytes());
      }
    }
    return new Snapshot(entities, nanos / 1e9, (most - idle) / MEGABYTE, token);
  }

  /** The time of an answer with {@link #CHANGES} changes, after that many tasks were changed. */
  Timing changes(String token) throws IOException {
    for (int i = 0; i < CHANGES; i++) {
      String task = "/api/v1/tasks/" + ScaleData.veteransTask(i);
      int status = connection.write("PATCH", task, user, "{\"hidden\":true}");
      if (status != 200) {
        throw new IOException("status " + status + " of a change");
      }
    }
    String path = SYNC + CHANGES + "&token=" + token;
    int read = json.parse(get(path).body()).at("/data/changes").size();
    if (read != CHANGES) {
      throw new IOException(read + " changes instead of " + CHANGES);
    }
    return Timing.of(() -> connection.get(path, user).status());
  }

  private HttpConnection.Answer get(String path) throws IOException {
    HttpConnection.Answer answer = connection.get(path, user);
    if (answer.status() != 200) {
      throw new IOException("status " + answer.status() + ": " + answer.body());
    }
    return answer;
  }
}
