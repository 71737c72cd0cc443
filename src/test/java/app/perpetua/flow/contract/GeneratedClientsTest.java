package app.perpetua.flow.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.NpmProject;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The contract with the tools that other people use: linters, and generators of TypeScript clients.
 * Needs node and npm; installs the tools once, below target/.
 */
class GeneratedClientsTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final NpmProject NPM = new NpmProject("contract");

  @BeforeAll
  static void install() throws IOException {
    NPM.install();
    Files.copy(
        Path.of("src/main/resources/openapi.yaml"),
        NPM.home().resolve("openapi.yaml"),
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static String tool(String name, String... arguments) throws IOException {
    String[] command = new String[arguments.length + 1];
    command[0] = NPM.home().toAbsolutePath().resolve("node_modules/.bin").resolve(name).toString();
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return NPM.run("", command);
  }

  @Test
  void FR_069_linters_find_no_error_in_the_contract() throws IOException {
    NPM.run("", "node", "lint.mjs");
    tool("spectral", "lint", "--fail-severity=error", "-r", "spectral.yaml", "openapi.yaml");
  }

  @Test
  void FR_069_strict_clients_are_generated_from_the_contract_and_work() throws IOException {
    tool(
        "openapi-typescript",
        "openapi.yaml",
        "--output=generated/openapi.d.ts",
        // A default belongs to the service; with it, the field may be absent from a request.
        "--default-non-nullable=false");
    tool("openapi-ts", "-i", "openapi.yaml", "-o", "generated/client");
    tool("tsc", "-p", "tsconfig.json");
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
