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
 * The TypeScript SDK in sdk/typescript. Needs node and npm. Its scripts run once for a contract and
 * its sources, so that ./check can run them beside the compiler.
 */
class SdkTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private static final NpmProject NPM = new NpmProject("sdk");

  /** If it fails after a change of the contract or of the sources, run sdk/typescript/generate. */
  @Test
  void FR_184_the_sdk_is_what_the_contract_and_its_sources_give() throws IOException {
    NPM.runScript("check");
  }

  @Test
  void FR_185_the_sdk_repeats_refreshes_waits_and_resumes() throws IOException {
    NPM.runScript("test");
  }

  @Test
  void FR_186_a_strict_program_works_on_the_sdk_from_sign_in_to_sign_out() throws IOException {
    NPM.runScript("check");
    TestService.Session user = service.newPro();
    String base = "http://localhost:" + service.port();
    String printed =
        NPM.run("", "node", "compiled/e2e.js", base, user.accessToken(), user.refreshToken());
    assertEquals(
        new Json()
            .parse(
                """
                {"refreshes": 1, "isSameTask": true, "hasRequestId": true,
                 "conflict": [409, "CONFLICT", 1], "isWithoutGap": true, "streamed": true,
                 "tasks": [["Buy a tent", "With poles"], ["Pack for the trip"]],
                 "refused": ["CONFLICT"], "waiting": 0, "speech": ["connected", "transcript", "complete"],
                 "script": [2, ["INSUFFICIENT_SCOPE", ["notes:write"]]],
                 "signedOut": "SIGNED_OUT"}
                """),
        new Json().parse(printed));
  }
}
