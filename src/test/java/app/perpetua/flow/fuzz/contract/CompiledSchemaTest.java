package app.perpetua.flow.fuzz.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.contract.Document;
import app.perpetua.flow.harness.Contract;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The compiled schemas decide as the library behind {@link Contract} does. */
class CompiledSchemaTest {
  private static final Document DOCUMENT = Document.parse(Contract.closed());

  private final Json json = new Json();
  private final Schemas schemas = new Schemas();

  @Test
  void damaged_examples_are_judged_as_by_the_library() {
    List<String> different = new ArrayList<>();
    int compared = 0;
    int invalid = 0;
    for (Map.Entry<String, Object> example : examples().entrySet()) {
      for (Object variant : variants(example.getValue())) {
        String text = new String(json.bytes(variant), StandardCharsets.UTF_8);
        boolean ours = schemas.faultsOf(example.getKey(), text).isEmpty();
        boolean theirs = Contract.current().faultsOf(example.getKey(), text).isEmpty();
        compared++;
        invalid += theirs ? 0 : 1;
        if (ours != theirs) {
          different.add(example.getKey() + " " + text + ": " + ours);
        }
      }
    }
    assertEquals(List.of(), different);
    assertTrue(compared > 500 && invalid > 100, compared + " compared, " + invalid + " invalid");
  }

  /** One example of each answer that is a named schema. */
  private static Map<String, Object> examples() {
    Map<String, Object> examples = new LinkedHashMap<>();
    for (Map<String, Object> operation : DOCUMENT.operations().values()) {
      Document.map(operation.get("responses"))
          .values()
          .forEach(
              response -> {
                Object content =
                    Document.map(DOCUMENT.resolved(response).get("content"))
                        .get("application/json");
                Object schema = Document.map(content).get("schema");
                if (Document.map(schema).get("$ref") instanceof String reference) {
                  examples.put(
                      reference.substring(reference.lastIndexOf('/') + 1),
                      DOCUMENT.example(schema));
                }
              });
    }
    return examples;
  }

  /** The example, and copies with one value replaced, removed or added. */
  private static List<Object> variants(Object example) {
    List<Object> variants = new ArrayList<>(List.of(example));
    List<List<Object>> paths = new ArrayList<>();
    collect(List.of(), example, paths);
    for (List<Object> path : paths) {
      for (Object value : List.of("x", "", -1, 1.5, true, List.of(), Map.of())) {
        Object copy = RawJson.copy(example);
        RawJson.set(copy, path, value);
        variants.add(copy == null ? "" : copy);
      }
      Object copy = RawJson.copy(example);
      RawJson.remove(copy, path);
      variants.add(copy == null ? "" : copy);
    }
    return variants;
  }

  private static void collect(List<Object> path, Object node, List<List<Object>> paths) {
    if (!path.isEmpty()) {
      paths.add(path);
    }
    if (node instanceof Map<?, ?> members) {
      members.forEach(
          (name, value) -> {
            List<Object> deeper = new ArrayList<>(path);
            deeper.add(String.valueOf(name));
            if (value != null) {
              collect(deeper, value, paths);
            }
          });
    }
  }

  @Test
  void a_keyword_without_a_rule_is_an_error() {
    CompiledSchema.Compiler compiler = new CompiledSchema.Compiler(DOCUMENT);
    assertThrows(IllegalArgumentException.class, () -> compiler.compile(Map.of("multipleOf", 5)));
  }
}
