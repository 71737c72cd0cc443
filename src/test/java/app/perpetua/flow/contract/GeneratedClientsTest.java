package app.perpetua.flow.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.NpmProject;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The contract with the tools that other people use: linters, and generators of TypeScript clients.
 * Needs node and npm. The tools are scripts of src/test/npm/contract/package.json; each runs once
 * for a contract, so that ./check can run it beside the compiler.
 */
class GeneratedClientsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final NpmProject NPM = new NpmProject("contract");

  @Test
  void FR_069_linters_find_no_problem_in_the_contract() throws IOException {
    NPM.runScript("lint");
  }

  @Test
  void FR_069_strict_clients_are_generated_from_the_contract_and_work() throws IOException {
    NPM.runScript("clients");
    String token = service.newUser().accessToken();
    String printed =
        NPM.run("", "node", "compiled/client.js", "http://localhost:" + service.port(), token);
    assertEquals(
        new Json()
            .parse(
                """
                {"titles": ["Water the plants"], "completedBy": "manual", "total": 1,
                 "missing": "NOT_FOUND"}
                """),
        new Json().parse(printed));
  }
}
