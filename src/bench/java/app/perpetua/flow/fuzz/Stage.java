package app.perpetua.flow.fuzz;

import app.perpetua.flow.harness.PostgresServer;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.net.URI;

/**
 * The whole service over real sockets and PostgreSQL, with the provider fakes and with limits that
 * no run reaches. Thread-safe.
 */
public final class Stage implements AutoCloseable {
  private static final String UNLIMITED = "100000000";

  private final PostgresServer server;
  private final TestDatabase database = new TestDatabase();
  private final TestService service;

  /** Starts everything: about five seconds. */
  public Stage() {
    server = PostgresServer.start();
    database.start(server);
    service =
        new TestService(database)
            .with("RATE_LIMIT_GENERAL", UNLIMITED)
            .with("RATE_LIMIT_AI", UNLIMITED)
            .with("RATE_LIMIT_AUTH", UNLIMITED)
            .with("FREE_MAX_TASKS", "100000")
            .with("PRO_MAX_TASKS", "100000")
            .with("FREE_MAX_NOTES", "100000")
            .with("PRO_MAX_NOTES", "100000")
            .with("MAX_REMINDERS", "100")
            .with("KICKSTART_CREDITS", "100000")
            .with("CREDIT_PURCHASE_MONTHLY", "100000")
            .with("AI_TASK_WARN_AT", "100000")
            .with("AI_TASK_MAX", "100000")
            .with("LOG_LEVEL", "ERROR");
    service.start();
    service
        .checkout()
        .webhooksTo(URI.create("http://127.0.0.1:" + service.port() + "/api/v1/webhooks/checkout"));
  }

  public TestDatabase database() {
    return database;
  }

  public TestService service() {
    return service;
  }

  public int port() {
    return service.port();
  }

  @Override
  public void close() throws IOException {
    try {
      service.stop();
    } finally {
      database.stop();
      server.close();
    }
  }
}
