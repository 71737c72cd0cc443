package app.perpetua.flow.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.NpmProject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * The Railway project, the Compose file, the workflows and the scripts. {@code deploy/try-image}
 * tests the image. Needs node and npm.
 */
class DeploymentFilesTest {
  private static final NpmProject NPM = new NpmProject("deployment");

  /** The shutdown takes this long at most: 5 s of serving, 20 s for requests in progress. */
  private static final int SHUTDOWN_SECONDS = 25;

  private static final byte[] SCRIPT = {'#', '!'};

  @BeforeAll
  static void install() throws IOException {
    NPM.install();
    copy(Path.of(".railway/railway.ts"));
    NPM.run("", "node_modules/.bin/tsc", "-p", "tsconfig.json");
  }

  private static Path copy(Path file) throws IOException {
    Path name = file.getFileName();
    Files.copy(file, NPM.home().resolve(name), StandardCopyOption.REPLACE_EXISTING);
    return name;
  }

  private static JsonNode project(String environment) throws IOException {
    return new Json().parse(NPM.run("", "node", "render.mjs", environment));
  }

  private static JsonNode service(JsonNode project, String name) {
    return project.get("resources").values().stream()
        .filter(resource -> resource.get("address").stringValue().equals("service." + name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no service " + name + " in " + project));
  }

  @Test
  void FR_108_Railway_runs_both_roles_of_one_image() throws IOException {
    JsonNode project = project("production");
    JsonNode api = service(project, "api");
    JsonNode worker = service(project, "worker");
    assertEquals("perpetua-flow --role=api", api.at("/deploy/startCommand").stringValue());
    assertEquals("perpetua-flow --role=worker", worker.at("/deploy/startCommand").stringValue());
    assertEquals(
        List.of("perpetua-flow --migrate"), texts(api.at("/deploy/preDeployCommand")), "once");
    assertTrue(worker.at("/deploy/preDeployCommand").isMissingNode(), "once");
    assertEquals(2, api.at("/deploy/numReplicas").intValue());
    assertEquals(1, service(project("pr-1"), "api").at("/deploy/numReplicas").intValue());
    for (JsonNode service : List.of(api, worker)) {
      assertEquals(api.get("source"), service.get("source"), "one source");
      assertEquals("DOCKERFILE", service.at("/build/builder").stringValue());
      assertTrue(Files.exists(Path.of(service.at("/build/dockerfilePath").stringValue())));
      assertEquals("/health/ready", service.at("/deploy/healthcheckPath").stringValue());
      assertEquals("ALWAYS", service.at("/deploy/restartPolicyType").stringValue());
      JsonNode variables = service.get("variables");
      int draining = number(variables, "RAILWAY_DEPLOYMENT_DRAINING_SECONDS");
      assertTrue(draining > SHUTDOWN_SECONDS, draining + " s");
      assertTrue(number(variables, "RAILWAY_DEPLOYMENT_OVERLAP_SECONDS") > 0);
    }
  }

  @Test
  void FR_108_Railway_gets_no_secret_from_the_repository() throws IOException {
    JsonNode project = project("production");
    for (JsonNode service : List.of(service(project, "api"), service(project, "worker"))) {
      JsonNode variables = service.get("variables");
      Set<String> literals = new TreeSet<>();
      for (Map.Entry<String, JsonNode> variable : variables.properties()) {
        if (variable.getValue().get("type").stringValue().equals("literal")) {
          literals.add(variable.getKey());
        }
      }
      literals.removeAll(
          Set.of(
              "PORT",
              "TRUSTED_PROXIES",
              "CLIENT_IP_HEADER",
              "RAILWAY_DEPLOYMENT_OVERLAP_SECONDS",
              "RAILWAY_DEPLOYMENT_DRAINING_SECONDS"));
      assertEquals(Set.of(), literals);
      assertEquals("database.database", variables.at("/DATABASE_URL/resource").stringValue());
      for (String name : List.of("JWT_PRIVATE_KEY", "GOOGLE_CLIENT_ID", "ACCOUNT_HASH_KEY")) {
        assertEquals("sharedReference", variables.at("/" + name + "/type").stringValue(), name);
      }
    }
    JsonNode variables = service(project, "api").get("variables");
    assertEquals("100.64.0.0/10", variables.at("/TRUSTED_PROXIES/value").stringValue());
    assertEquals("X-Real-IP", variables.at("/CLIENT_IP_HEADER/value").stringValue());
  }

  @Test
  void the_compose_file_passes_its_linter_and_outlasts_a_shutdown() throws IOException {
    Path file = copy(Path.of("compose.yaml"));
    NPM.run("", "node_modules/.bin/dclint", "--max-warnings", "0", file.toString());
    JsonNode services =
        new Json().parse(NPM.run("", "node", "yaml.mjs", file.toString())).get("services");
    for (String name : List.of("api", "worker")) {
      JsonNode service = services.get(name);
      assertEquals(List.of("--role=" + name), texts(service.get("command")));
      assertEquals("unless-stopped", service.get("restart").stringValue());
      String period = service.get("stop_grace_period").stringValue();
      assertTrue(Integer.parseInt(period.replaceFirst("s$", "")) > SHUTDOWN_SECONDS, period);
    }
    assertTrue(services.at("/worker/ports").isEmpty(), "only one can have the port");
  }

  @Test
  void the_workflows_pass_their_linter_and_may_only_read() throws IOException {
    for (Path file : files(Path.of(".github/workflows"))) {
      Path name = copy(file);
      NPM.run("", "node_modules/.bin/action-validator", name.toString());
      JsonNode workflow = new Json().parse(NPM.run("", "node", "yaml.mjs", name.toString()));
      assertEquals("{\"contents\":\"read\"}", new Json().text(workflow.get("permissions")));
      for (JsonNode job : workflow.get("jobs").values()) {
        assertTrue(job.has("timeout-minutes"), name.toString());
        for (JsonNode step : job.get("steps").values()) {
          String uses = step.path("uses").asString("@v1");
          assertTrue(uses.matches(".*@v[0-9.]+"), uses);
        }
      }
    }
  }

  @Test
  void every_script_is_valid_and_executable() throws IOException {
    List<Path> scripts = new ArrayList<>();
    for (String directory : List.of(".", ".ci", "deploy")) {
      for (Path file : files(Path.of(directory))) {
        if (Arrays.equals(head(file), SCRIPT)) {
          scripts.add(file);
        }
      }
    }
    assertTrue(
        scripts.contains(Path.of("./check")) && scripts.contains(Path.of("deploy/try-image")));
    for (Path script : scripts) {
      assertTrue(Files.isExecutable(script), script.toString());
      NPM.run("", "bash", "-n", script.toAbsolutePath().toString());
    }
  }

  @Test
  void the_Dockerfile_selects_its_syntax_in_the_first_line() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("Dockerfile"));
    assertEquals("# syntax=docker/dockerfile:1", lines.getFirst());
    // Railway fails a build whose cache mount does not have an id of its own form.
    assertFalse(String.join("\n", lines).contains("--mount=type=cache"));
  }

  private static byte[] head(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(2);
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static List<String> texts(JsonNode array) {
    return array.values().stream().map(JsonNode::stringValue).toList();
  }

  private static int number(JsonNode variables, String name) {
    return Integer.parseInt(variables.at("/" + name + "/value").stringValue());
  }
}
