package app.perpetua.flow.bench.peers;

/**
 * A running server in the comparison.
 *
 * @param workers number of worker processes; 0 for the service, which needs none
 * @param database name of its database
 * @param tasks name of its table of tasks
 * @param pid process id of the server; its workers are children of this process
 * @param end ends the server and waits for its end
 */
record Peer(
    Stack stack, int workers, String database, String tasks, int port, long pid, Runnable end) {
  /** What a server is built on. */
  enum Stack {
    OURS("ours"),
    FORMER("the earlier release"),
    FASTAPI("FastAPI"),
    FASTIFY("Fastify");

    private final String title;

    Stack(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }

    /** Whether it is the service, of whichever release. */
    boolean isService() {
      return this == OURS || this == FORMER;
    }
  }

  String title() {
    return switch (workers) {
      case 0 -> stack.title();
      case 1 -> stack.title() + ", 1 worker";
      default -> stack.title() + ", " + workers + " workers";
    };
  }
}
