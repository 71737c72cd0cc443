package app.perpetua.flow.deployment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.Role;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.deployment.PromQl.Condition;
import app.perpetua.flow.deployment.PromQl.Selector;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;

/**
 * The alerts and the dashboard: valid for Prometheus, if its {@code promtool} is installed, and
 * made of metrics, labels and routes that the service has.
 */
class MonitoringTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with(Role.ALL)
          // Its metrics exist without a server as well.
          .with("REDIS_URL", "redis://127.0.0.1:1");

  private static final Path RULES = Path.of("deploy/alerts.yaml");
  private static final Path RULE_TESTS = Path.of("deploy/alerts.test.yaml");
  private static final Path DASHBOARD = Path.of("deploy/dashboard.json");
  private static final Path RUNBOOK = Path.of("docs/operations.md");
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Duration TOOL_LIMIT = Duration.ofMinutes(5);

  /** What Prometheus adds: the labels of a target, and whether it could be scraped. */
  private static final Set<String> TARGET_LABELS = Set.of("job", "instance", "role");

  private static final String UP = "up";
  private static final String ROUTE = "route";

  /** Labels whose values depend on the requests of this test. */
  private static final Set<String> FREE_LABELS = Set.of("status", "method", ROUTE);

  private static final Pattern INCREASE = Pattern.compile("increase\\(([^\\[]+_total[^\\[]*)\\[");

  private static Exposition fresh = new Exposition(Map.of());
  private static Exposition used = new Exposition(Map.of());

  private static Set<String> recorded = Set.of();
  private static List<String> routes = List.of();

  @BeforeAll
  static void scrape() throws IOException {
    recorded = rules().stream().map(rule -> text(rule, "record")).collect(Collectors.toSet());
    routes = routes("");
    fresh = exposition();
    service.openAi().script(OpenAiStep.say("Book the train first."));
    service
        .newUser()
        .api()
        .post("/api/v1/ai/chat", Map.of("message", "Where do I begin?"))
        .expect(200);
    // Pauses are exported after the first one.
    System.gc();
    List<Selector> selectors = selectors();
    Eventually.within(
        LIMIT,
        () -> {
          used = exposition();
          return selectors.stream().allMatch(selector -> isExported(selector, used))
              || (used.has("jvm_gc_pause_seconds_max")
                  && used.has("perpetua_job_runs_seconds_max"));
        });
  }

  private static List<String> routes(String kind) throws IOException {
    return Files.readAllLines(Path.of("src/test/resources/routes.txt")).stream()
        .filter(line -> line.contains(kind))
        .map(line -> line.split(" +", 3)[1])
        .toList();
  }

  private static Exposition exposition() {
    return Exposition.parse(service.api().get("/metrics").expect(200).text());
  }

  @Test
  void FR_066_every_metric_and_label_of_alerts_and_dashboard_is_exported() throws IOException {
    assertEquals(
        List.of(), selectors().stream().filter(selector -> !isExported(selector, used)).toList());
  }

  @Test
  void FR_066_a_selector_of_a_metric_or_label_that_is_not_exported_is_found() {
    for (String renamed :
        List.of(
            "perpetua_job > 0",
            "perpetua_jobs{state=\"died\"}",
            "perpetua_jobs{status!=\"dead\"}",
            "rate(perpetua_http_server_requests_seconds_bucket{le=\"0.6\"}[5m])",
            "rate(perpetua_http_server_requests_seconds_count{route=\"/api/v1/task\"}[5m])",
            "perpetua:unknown:ratio5m",
            "up{role=\"api\"} or x")) {
      assertFalse(
          PromQl.selectors(renamed).stream().allMatch(selector -> isExported(selector, used)),
          renamed);
    }
  }

  @Test
  void selectors_are_found_between_functions_labels_and_ranges() {
    assertEquals(
        List.of(
            new Selector("a:b", List.of()),
            new Selector("c", List.of(new Condition("r", "=~", "x[{]id[}] or y"))),
            new Selector("d", List.of())),
        PromQl.selectors(
            "sum by (le, q) (rate(a:b[5m])) / on (z) max(c{r=~\"x[{]id[}] or y\"}[$__i]) > bool 1"
                + " and absent(d offset 5m) or vector(0)"));
  }

  @Test
  void FR_066_counters_whose_increase_raises_an_alert_exist_before_their_first_event()
      throws IOException {
    List<String> counters =
        rules().stream()
            .flatMap(rule -> INCREASE.matcher(text(rule, "expr")).results())
            .map(found -> found.group(1))
            .toList();
    assertFalse(counters.isEmpty());
    assertEquals(
        List.of(),
        counters.stream()
            .flatMap(counter -> PromQl.selectors(counter).stream())
            .filter(selector -> !isExported(selector, fresh))
            .toList());
  }

  @Test
  void no_objective_counts_requests_that_call_another_company_or_stay_open() throws IOException {
    List<String> calls = new ArrayList<>(routes(" ProviderCall "));
    assertFalse(calls.isEmpty());
    calls.addAll(routes(" Stream "));
    List<Selector> objectives =
        rules().stream()
            .filter(rule -> rule.containsKey("record"))
            .flatMap(rule -> PromQl.selectors(text(rule, "expr")).stream())
            .filter(selector -> selector.metric().startsWith("perpetua_"))
            .toList();
    assertFalse(objectives.isEmpty());
    for (Selector objective : objectives) {
      assertTrue(accepts(objective, "/api/v1/tasks/{id}"), objective.toString());
      assertEquals(List.of(), calls.stream().filter(route -> accepts(objective, route)).toList());
    }
  }

  @Test
  void every_alert_says_what_to_do_and_has_a_section_of_the_operations_page() throws IOException {
    Set<String> anchors = anchors(Files.readString(RUNBOOK));
    assertTrue(anchors.contains("4-health-metrics-logs-alerts"), anchors.toString());
    Set<String> names = new HashSet<>();
    for (Map<String, Object> alert : alerts()) {
      String name = text(alert, "alert");
      assertTrue(names.add(name), name);
      Map<String, Object> annotations = map(alert.get("annotations"));
      assertTrue(
          Set.of("page", "ticket").contains(text(map(alert.get("labels")), "severity")), name);
      assertFalse(text(annotations, "summary").isBlank(), name);
      assertTrue(text(annotations, "description").endsWith("."), name);
      String[] runbook = text(annotations, "runbook").split("#", 2);
      assertEquals(RUNBOOK.toString(), runbook[0], name);
      assertTrue(anchors.contains(runbook[1]), name + ": " + runbook[1]);
    }
  }

  @Test
  void the_operations_page_lists_every_alert() throws IOException {
    String page = Files.readString(RUNBOOK);
    assertEquals(
        List.of(),
        alerts().stream()
            .map(alert -> text(alert, "alert"))
            .filter(name -> !page.contains("`" + name + "`"))
            .toList());
  }

  @Test
  void every_alert_has_series_with_which_it_fires_and_others_with_which_it_does_not()
      throws IOException {
    Set<String> fires = new TreeSet<>();
    Set<String> quiet = new TreeSet<>();
    for (Map<String, Object> test : list(load(RULE_TESTS).get("tests"))) {
      for (Map<String, Object> expression : list(test.get("promql_expr_test"))) {
        Set<String> of = list(expression.get("exp_samples")).isEmpty() ? quiet : fires;
        PromQl.selectors(text(expression, "expr")).stream()
            .flatMap(selector -> selector.conditions().stream())
            .filter(condition -> condition.label().equals("alertname"))
            .forEach(condition -> of.add(condition.value()));
      }
    }
    Set<String> names =
        alerts().stream()
            .map(alert -> text(alert, "alert"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(names, fires);
    assertEquals(names, quiet);
  }

  @Test
  void promtool_accepts_the_rules_and_their_tests() throws IOException {
    promtool("check", "rules", RULES.toString());
    promtool("test", "rules", RULE_TESTS.toString());
  }

  @Test
  void promtool_accepts_every_expression_of_the_dashboard() throws IOException {
    List<Map<String, String>> rules = new ArrayList<>();
    for (String expression : dashboardExpressions()) {
      rules.add(
          Map.of(
              "record", "panel:" + rules.size(), "expr", expression.replaceAll("\\$__\\w+", "5m")));
    }
    Path file = Files.createDirectories(Path.of("target")).resolve("dashboard.rules.json");
    // YAML contains JSON.
    Files.writeString(
        file, new Json().text(Map.of("groups", List.of(Map.of("name", "d", "rules", rules)))));
    promtool("check", "rules", file.toString());
  }

  @Test
  void the_dashboard_has_the_form_that_Grafana_imports() throws IOException {
    JsonNode dashboard = new Json().parse(Files.readString(DASHBOARD));
    assertTrue(dashboard.get("schemaVersion").intValue() >= 39);
    assertTrue(dashboard.get("uid").stringValue().matches("[a-zA-Z0-9_-]{1,40}"));
    assertFalse(dashboard.get("title").stringValue().isBlank());
    assertEquals(
        List.of("datasource", "query"),
        dashboard.at("/templating/list").values().stream()
            .map(variable -> variable.get("type").stringValue())
            .toList());
    Set<Integer> ids = new HashSet<>();
    Set<String> cells = new HashSet<>();
    for (JsonNode panel : dashboard.get("panels").values()) {
      String title = panel.get("title").stringValue();
      assertFalse(title.isBlank());
      assertTrue(ids.add(panel.get("id").intValue()), title);
      JsonNode place = panel.get("gridPos");
      int left = place.get("x").intValue();
      int right = left + place.get("w").intValue();
      assertTrue(left >= 0 && right <= 24, title);
      for (int x = left; x < right; x++) {
        for (int y = 0; y < place.get("h").intValue(); y++) {
          assertTrue(cells.add(x + "," + (place.get("y").intValue() + y)), title + " overlaps");
        }
      }
      String type = panel.get("type").stringValue();
      assertTrue(Set.of("row", "stat", "timeseries").contains(type), title);
      if (!type.equals("row")) {
        assertEquals("${datasource}", panel.at("/datasource/uid").stringValue(), title);
        Set<String> references = new HashSet<>();
        for (JsonNode target : panel.get("targets").values()) {
          assertTrue(references.add(target.get("refId").stringValue()), title);
        }
        assertFalse(references.isEmpty(), title);
      }
    }
  }

  /** Whether a selected series can exist: recorded by a rule, made by Prometheus, or exported. */
  private static boolean isExported(Selector selector, Exposition exposition) {
    if (selector.metric().equals(UP)) {
      return selector.conditions().stream().map(Condition::label).allMatch(TARGET_LABELS::contains);
    }
    if (selector.metric().contains(":")) {
      return recorded.contains(selector.metric());
    }
    for (Condition condition : selector.conditions()) {
      if (condition.label().equals(ROUTE)
          && !condition.operator().startsWith("!")
          && routes.stream().noneMatch(condition::accepts)) {
        return false;
      }
    }
    return exposition.has(
        selector.metric(),
        selector.conditions().stream()
            .filter(condition -> !TARGET_LABELS.contains(condition.label()))
            .map(MonitoringTest::withoutFreeValue)
            .toList());
  }

  /** Of some labels, only the name can be checked; the values depend on the requests. */
  private static Condition withoutFreeValue(Condition condition) {
    return FREE_LABELS.contains(condition.label())
        ? new Condition(condition.label(), "=~", ".*")
        : condition;
  }

  private static boolean accepts(Selector selector, String route) {
    return selector.conditions().stream()
        .filter(condition -> condition.label().equals(ROUTE))
        .allMatch(condition -> condition.accepts(route));
  }

  private static List<Selector> selectors() throws IOException {
    return Stream.concat(
            rules().stream().map(rule -> text(rule, "expr")), dashboardExpressions().stream())
        .flatMap(expression -> PromQl.selectors(expression).stream())
        .distinct()
        .toList();
  }

  private static List<String> dashboardExpressions() throws IOException {
    return new Json()
        .parse(Files.readString(DASHBOARD)).get("panels").values().stream()
            .flatMap(panel -> panel.path("targets").values().stream())
            .map(target -> target.get("expr").stringValue())
            .toList();
  }

  private static List<Map<String, Object>> alerts() throws IOException {
    return rules().stream().filter(rule -> rule.containsKey("alert")).toList();
  }

  private static List<Map<String, Object>> rules() throws IOException {
    return list(load(RULES).get("groups")).stream()
        .flatMap(group -> list(group.get("rules")).stream())
        .toList();
  }

  private static Map<String, Object> load(Path file) throws IOException {
    return map(new Yaml().load(Files.readString(file)));
  }

  private static String text(Map<String, Object> of, String name) {
    return String.valueOf(of.get(name));
  }

  /** The anchors that GitHub gives to the headings of a page. */
  private static Set<String> anchors(String page) {
    return page.lines()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(title -> title.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  private static void promtool(String... arguments) throws IOException {
    Path output = Files.createTempFile("promtool", ".txt");
    List<String> command = new ArrayList<>(List.of("promtool"));
    command.addAll(List.of(arguments));
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      Assumptions.abort("promtool is not installed: it is in Debian's package prometheus");
      return;
    }
    try {
      assertTrue(
          process.waitFor(TOOL_LIMIT.toSeconds(), TimeUnit.SECONDS), "promtool does not end");
      assertEquals(0, process.exitValue(), Files.readString(output));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> list(@Nullable Object value) {
    return (List<Map<String, Object>>) Objects.requireNonNull(value);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(@Nullable Object value) {
    return (Map<String, Object>) Objects.requireNonNull(value);
  }
}
