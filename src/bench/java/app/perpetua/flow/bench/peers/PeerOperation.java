package app.perpetua.flow.bench.peers;

/** An operation that all services in the comparison have. */
enum PeerOperation {
  LIST("GET /tasks?limit=25"),
  GET("GET /tasks/{id}"),
  PATCH("PATCH /tasks/{id}"),
  POST("POST /tasks");

  private final String title;

  PeerOperation(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  boolean writes() {
    return this == PATCH || this == POST;
  }
}
