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

  /** The classes in the broken tree that each rule must report. */
  private static final Map<String, List<String>> VIOLATIONS =
      Map.ofEntries(
          Map.entry("no import from a layer above", List.of("base.Low", "notes.Notes")),
          Map.entry("packages form no cycle", List.of("notes.Notes", "tasks.Tasks")),
          Map.entry(
              "only the root package imports App, Main and their parts",
              List.of("notes.NoteModule")),
          Map.entry(
              "routes and modules are used within their feature alone",
              List.of("tasks.TaskRoutes", "tasks.TaskModule")),
          Map.entry("only the root package imports providers", List.of("notes.NoteModule")),
          Map.entry("http imports no feature", List.of("http.Toolkit", "http.TokenGate")),
          Map.entry("Helidon is used in the layer of http alone", List.of("notes.Notes")),
          Map.entry("the database is accessed through sql alone", List.of("notes.Notes")),
          Map.entry("providers do not import sql", List.of("provider.google.Adapter")),
          Map.entry("no dates and calendars", List.of("notes.NoteUtil")),
          Map.entry("time, randomness and environment are passed in", List.of("notes.NoteUtil")),
          Map.entry("no mutable static state", List.of("base.Low")),
          Map.entry("no thread-locals", List.of("base.Low")),
          Map.entry("no Util, Manager, Impl or Helper", List.of("notes.NoteUtil")));

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
  List<DynamicTest> every_rule_reports_its_violations() {
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
                        assertTrue(report.contains(BROKEN + "." + name), report);
                      }
                    }))
        .toList();
  }

  @Test
  void every_hidden_input_is_reported() {
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
