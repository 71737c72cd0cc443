package app.perpetua.flow.bench.load;

import app.perpetua.flow.bench.process.Database;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.IntFunction;

/**
 * Writes requests as bytes at low cost. Each connection has its own users, as each pgbench client
 * has, so that no two concurrent requests wait for the same owner lock. Confined to one thread.
 */
public final class Requests {
  /** The service changes the first tasks of each user; pgbench and completions use the others. */
  public static final int PATCHED = Database.TASKS_EACH / 2;

  /** The body of a new task of typical length. */
  public static final String NEW_TASK =
      "{\"title\":\"Call the plumber about the kitchen tap\",\"description\":\"It drips again."
          + " Ask whether the seal is under warranty.\",\"priority\":\"high\","
          + "\"estimated_duration\":15}";

  private static final String END = "\r\n\r\n";

  private final SplittableRandom random = new SplittableRandom(1);

  /** Different keys in every run, because the keys of an earlier run are still stored. */
  private final SplittableRandom keys = new SplittableRandom();

  private final int connections;
  private final byte[][] headers = new byte[Database.USERS][];
  private final int[] versions;

  /** Number of tasks that each connection has completed. */
  private final int[] completed;

  /**
   * @param token each user's access token
   * @param versions versions of the changed tasks; updated by {@link #done}
   */
  public Requests(int connections, IntFunction<String> token, int[] versions) {
    this.connections = connections;
    this.versions = versions;
    this.completed = new int[connections];
    for (int user = 0; user < Database.USERS; user++) {
      headers[user] =
          ascii(" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token.apply(user));
    }
  }

  /** The versions of unchanged tasks. */
  public static int[] unchanged() {
    int[] versions = new int[Database.USERS * PATCHED];
    Arrays.fill(versions, 1);
    return versions;
  }

  /**
   * Writes a connection's next request.
   *
   * @return the argument of {@link #done} after the response
   */
  public int write(Operation operation, int connection, ByteBuffer out) {
    int users = (Database.USERS - 1 - connection) / connections + 1;
    if (operation == Operation.COMPLETE) {
      complete(connection, users, out);
      return 0;
    }
    int user = connection + connections * random.nextInt(users);
    int task = random.nextInt(operation == Operation.PATCH ? PATCHED : Database.TASKS_EACH);
    int row = user * PATCHED + task;
    String id = Database.uuid(Database.taskNumber(user, task));
    switch (operation) {
      case LIST -> out.put(ascii("GET /api/v1/tasks?limit=25")).put(headers[user]).put(ascii(END));
      case SHOW -> out.put(ascii("GET /api/v1/tasks/" + id)).put(headers[user]).put(ascii(END));
      case CREATE -> {
        out.put(ascii("POST /api/v1/tasks")).put(headers[user]);
        body(out, NEW_TASK);
      }
      case PATCH -> {
        out.put(ascii("PATCH /api/v1/tasks/" + id)).put(headers[user]);
        body(
            out, "{\"version\":" + versions[row] + ",\"title\":\"Version " + versions[row] + "\"}");
      }
      case COMPLETE -> throw new AssertionError();
    }
    return row;
  }

  /** Completes each task once: a connection's users have more tasks than a window needs. */
  private void complete(int connection, int users, ByteBuffer out) {
    int turn = completed[connection]++;
    int user = connection + connections * (turn % users);
    int task = PATCHED + turn / users % (Database.TASKS_EACH - PATCHED);
    out.put(ascii("PATCH /api/v1/tasks/" + Database.uuid(Database.taskNumber(user, task))))
        .put(headers[user]);
    body(out, "{\"completed\":true}");
  }

  /** Records the effect of a request. */
  public void done(Operation operation, int row) {
    if (operation == Operation.PATCH) {
      versions[row]++;
    }
  }

  private void body(ByteBuffer out, String json) {
    out.put(
        ascii(
            "\r\nContent-Type: application/json\r\nIdempotency-Key: "
                + new UUID(keys.nextLong(), keys.nextLong())
                + "\r\nContent-Length: "
                + json.length()
                + END
                + json));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
