package app.perpetua.flow.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
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

  /** Per rule, whom it must convict in the tree that was built to break all of them. */
  private static final Map<String, List<String>> CONVICTED =
      Map.ofEntries(
          Map.entry("nobody imports from a floor above", List.of("base.Low", "notes.Notes")),
          Map.entry("features and floors form no circle", List.of("notes.Notes", "tasks.Tasks")),
          Map.entry("routes know no other feature's routes", List.of("tasks.TaskRoutes")),
          Map.entry("http imports no feature", List.of("http.Toolkit", "http.TokenGate")),
          Map.entry("Helidon stays at the edge", List.of("notes.Notes")),
          Map.entry("the database is reached through sql alone", List.of("notes.Notes")),
          Map.entry("providers know no sql", List.of("provider.google.Adapter")),
          Map.entry("no dates and calendars", List.of("notes.NoteUtil")),
          Map.entry("time, randomness and surroundings are passed in", List.of("notes.NoteUtil")),
          Map.entry("no static state", List.of("base.Low")),
          Map.entry("no thread-locals", List.of("base.Low")),
          Map.entry("names say what a thing is", List.of("notes.NoteUtil")));

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
  List<DynamicTest> every_rule_convicts_who_breaks_it() {
    JavaClasses broken = new ClassFileImporter().importPackages(BROKEN);
    Map<String, com.tngtech.archunit.lang.ArchRule> rules = new ArchitectureRules(BROKEN).rules();
    assertEquals(rules.keySet(), CONVICTED.keySet());
    return rules.entrySet().stream()
        .map(
            rule ->
                DynamicTest.dynamicTest(
                    rule.getKey(),
                    () -> {
                      EvaluationResult result = rule.getValue().evaluate(broken);
                      String report = result.getFailureReport().toString();
                      for (String name : Objects.requireNonNull(CONVICTED.get(rule.getKey()))) {
                        assertTrue(report.contains(BROKEN + "." + name), report);
                      }
                    }))
        .toList();
  }

  @Test
  void every_hidden_input_is_counted() {
    JavaClasses broken = new ClassFileImporter().importPackages(BROKEN);
    EvaluationResult result =
        Objects.requireNonNull(
                new ArchitectureRules(BROKEN)
                    .rules()
                    .get("time, randomness and surroundings are passed in"))
            .evaluate(broken);
    assertEquals(7, result.getFailureReport().getDetails().size());
  }
}
