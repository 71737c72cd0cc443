package app.perpetua.flow.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.harness.NpmProject;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.http.auth.Scope;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * FR-160 with the official clients from npm, in the revision without a handshake and with one: they
 * validate answers against the protocol and against the schemas of the tools. Needs node and npm;
 * installs both packages once, below target/.
 */
class McpClientsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("RATE_LIMIT_TOKEN", "1000");

  private static final NpmProject NPM = new NpmProject("mcp");

  @Test
  void FR_160_both_official_clients_list_and_call_every_tool() throws IOException {
    String token =
        service
            .newPro()
            .api()
            .post(
                "/api/v1/tokens",
                Map.of("name", "Agent", "scopes", List.of(WireName.all(Scope.class))))
            .expect(201)
            .data()
            .get("secret")
            .stringValue();
    NPM.install();
    List<String> lines =
        NPM.run("", "node", "clients.mjs", "http://127.0.0.1:" + service.port() + "/mcp", token)
            .lines()
            .toList();
    assertEquals(3, lines.size(), lines.toString());
    for (String line : lines) {
      assertTrue(line.contains(" perpetua-flow account add_note add_reminder add_task "), line);
    }
  }
}
