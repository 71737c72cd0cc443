package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.dev.DevProcess.Answer;
import app.perpetua.flow.sql.Eventually;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * The life of the dev server's processes. Each test continues with the servers and the data of the
 * one before, because a start takes long.
 */
@Tag("system")
@Order(1)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DevServerTest {
  private static DevProcess dev;

  @BeforeAll
  static void create(@TempDir Path directory) {
    dev = new DevProcess(directory);
  }

  @AfterAll
  static void close() throws Exception {
    dev.stopAll();
  }

  @Test
  @Order(1)
  void startup_errors_are_printed_in_one_line() throws Exception {
    for (String option : List.of("--port", "--control-port")) {
      int port = option.equals("--port") ? dev.port() : dev.controlPort();
      try (ServerSocket taken = new ServerSocket(port)) {
        Process refused = dev.start();
        assertEquals(1, refused.waitFor());
        assertEquals(
            "./dev cannot start: port %d cannot be opened (Address already in use); choose another with %s%n"
                .formatted(taken.getLocalPort(), option),
            dev.output());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Starting the database ...", "Starting the service ..."})
  @Order(2)
  void Ctrl_C_during_the_start_leaves_no_process_and_usable_data(String phase) throws Exception {
    Process server = dev.start("--fresh");
    Eventually.within(DevProcess.LIMIT, () -> dev.printed(phase));
    List<ProcessHandle> children = server.descendants().toList();
    DevProcess.interrupt(server);
    assertTrue(server.waitFor(DevProcess.LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertEquals(130, server.exitValue());
    assertEquals("Stopped.", dev.output().lines().toList().getLast(), dev::output);
    assertFalse(dev.printed("cannot"), dev::output);
    for (ProcessHandle child : children) {
      assertFalse(DevProcess.lives(child.pid()), () -> "still runs: " + child.info());
    }
    assertFalse(dev.hasDatabase());
  }

  @Test
  @Order(3)
  void a_killed_service_is_restarted_with_its_data_and_clock() throws Exception {
    dev.startAndAwait();
    String token = signIn();
    Answer created = dev.createTask(token, "Water the plants");
    assertEquals(201, created.status());

    long killed = dev.pid("service");
    assertTrue(ProcessHandle.of(killed).orElseThrow().destroyForcibly());
    Eventually.within(DevProcess.LIMIT, () -> dev.printed("is running again"));
    assertTrue(dev.printed("The service, pid " + killed + ", ended by SIGKILL"));
    assertNotEquals(killed, dev.pid("service"));
    Answer list = dev.tasks(token);
    assertEquals(200, list.status());
    assertEquals("Water the plants", list.body().path("data").path(0).path("title").stringValue());

    assertEquals(200, dev.control("POST", "/clock", "{\"advance\": \"P40D\"}").status());
    assertEquals("TOKEN_EXPIRED", dev.tasks(token).text("error", "code"));
    JsonNode ran = dev.control("POST", "/jobs/run-due", "").body().path("ran");
    assertTrue(
        ran.toString().contains("{\"kind\":\"cleanup\",\"outcome\":\"done\"}"), ran::toString);
    String later = signIn();
    assertEquals(1, total(later));
    assertEquals(201, dev.createTask(later, "Feed the cat").status());
  }

  @Test
  @Order(4)
  void a_stopped_server_continues_with_its_data_and_clock() throws Exception {
    Process server = dev.server();
    String token = signIn();
    List<Long> pids = List.of(dev.pid("service"), dev.pid("database"));
    server.destroy();
    assertTrue(server.waitFor(DevProcess.LIMIT.toSeconds(), TimeUnit.SECONDS));
    for (long pid : pids) {
      assertFalse(DevProcess.lives(pid), () -> "still runs: " + pid);
    }
    assertTrue(dev.printed("Stopped."));

    dev.startAndAwait("--workers=2");
    assertTrue(dev.printed("ahead by PT960H"));
    assertEquals(2, total(token));
    assertNotEquals(0, dev.pid("worker 1"));
    assertNotEquals(0, dev.pid("worker 2"));
  }

  @Test
  @Order(5)
  void processes_of_a_killed_dev_server_are_stopped() throws Exception {
    long service = dev.pid("service");
    long database = dev.pid("database");
    dev.server().destroyForcibly().waitFor();
    Eventually.within(DevProcess.LIMIT, () -> !DevProcess.lives(service));
    assertTrue(DevProcess.lives(database));

    dev.startAndAwait("--fresh");
    assertFalse(DevProcess.lives(database));
    assertEquals(0, total(signIn()));
  }

  private static String signIn() throws Exception {
    return dev.control("POST", "/session", "{\"email\": \"ada@example.com\"}").text("access_token");
  }

  private static int total(String token) throws Exception {
    return dev.tasks(token).body().path("pagination").path("total").intValue();
  }
}
