package app.perpetua.flow.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.EvaluationResult;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ArchitectureTest {
  private static final String BROKEN = "app.perpetua.flow.architecture.broken";

  /** For each rule, the classes of the broken tree that must violate it. */
  private static final Map<String, List<String>> VIOLATIONS =
      Map.ofEntries(
          Map.entry(
              "no import from a higher layer",
              List.of(
                  "base.UpwardImport",
                  "parsing.Parser",
                  "http.connection.Body",
                  "http.limits.Limit",
                  "http.Pipeline",
                  "http.websocket.Upgrader",
                  "http.server.Listener",
                  "notes.NoteModule")),
          Map.entry("packages are free of cycles", List.of("notes.Notes", "tasks.Tasks")),
          Map.entry(
              "routes and modules are used within their feature alone",
              List.of("tasks.TaskRoutes", "tasks.TaskModule")),
          Map.entry("only the root package imports providers", List.of("notes.NoteModule")),
          Map.entry("http imports no feature", List.of("http.Pipeline")),
          Map.entry(
              "only http packages, observability and routes use Helidon",
              List.of("notes.HelidonInFeature")),
          Map.entry("only sql and jobs use JDBC", List.of("notes.DatabaseInFeature")),
          Map.entry("providers do not use sql", List.of("provider.google.Adapter")),
          Map.entry("no Date and Calendar", List.of("notes.Dates")),
          Map.entry(
              "time, randomness and environment are passed in", List.of("notes.HiddenInputs")),
          Map.entry("no mutable static fields", List.of("base.StaticState")),
          Map.entry("no thread-locals", List.of("base.ThreadLocalState")),
          Map.entry("no empty class names", List.of("notes.NoteUtil")));

  @TestFactory
  List<DynamicTest> the_service_keeps_every_rule() {
    JavaClasses service = new ClassFileImporter().importPath(Path.of("target/classes"));
    assertTrue(service.contain("app.perpetua.flow.Main"));
    return new ArchitectureRules("app.perpetua.flow")
        .rules().entrySet().stream()
            .map(
                rule ->
                    DynamicTest.dynamicTest(rule.getKey(), () -> rule.getValue().check(service)))
            .toList();
  }

  @TestFactory
  List<DynamicTest> every_rule_finds_its_violations() {
    JavaClasses broken = new ClassFileImporter().importPackages(BROKEN);
    Map<String, ArchRule> rules = new ArchitectureRules(BROKEN).rules();
    assertEquals(rules.keySet(), VIOLATIONS.keySet());
    return rules.entrySet().stream()
        .map(
            rule ->
                DynamicTest.dynamicTest(
                    rule.getKey(),
                    () -> {
                      EvaluationResult result = rule.getValue().evaluate(broken);
                      String report = result.getFailureReport().toString();
                      for (String name : Objects.requireNonNull(VIOLATIONS.get(rule.getKey()))) {
                        String type = BROKEN + "." + name;
                        assertTrue(
                            report.contains("<" + type + ".")
                                || report.contains("Class <" + type + ">"),
                            name + " is not in " + report);
                      }
                    }))
        .toList();
  }

  @Test
  void every_hidden_input_is_found() {
    JavaClasses broken = new ClassFileImporter().importPackages(BROKEN);
    EvaluationResult result =
        Objects.requireNonNull(
                new ArchitectureRules(BROKEN)
                    .rules()
                    .get("time, randomness and environment are passed in"))
            .evaluate(broken);
    assertEquals(7, result.getFailureReport().getDetails().size());
  }
}
