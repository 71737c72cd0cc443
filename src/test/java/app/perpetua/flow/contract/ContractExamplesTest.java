package app.perpetua.flow.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Contract;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Examples are valid, and every schema has one: its own, or one that consists of those of its
 * parts, as documentation tools compose it.
 */
class ContractExamplesTest {
  private final Json json = new Json();
  private final Document contract = Document.parse(Contract.text());
  private final Map<String, Object> schemas =
      Document.map(Document.map(contract.root().get("components")).get("schemas"));

  @Test
  void every_schema_has_a_valid_example() {
    List<String> faults = new ArrayList<>();
    schemas.forEach(
        (name, schema) -> {
          try {
            addFaults(name, contract.example(schema), faults);
          } catch (NoSuchElementException e) {
            faults.add(name + ": no example of " + e.getMessage());
          }
        });
    assertEquals(List.of(), faults);
  }

  @Test
  void every_example_of_a_schema_is_valid() {
    List<String> faults = new ArrayList<>();
    schemas.forEach(
        (name, schema) ->
            Document.list(Document.map(schema).get("examples"))
                .forEach(example -> addFaults(name, example, faults)));
    assertEquals(List.of(), faults);
  }

  @Test
  void every_example_of_a_body_is_valid() {
    List<String> faults = new ArrayList<>();
    addFaultsOfBodies(contract.root(), faults);
    assertEquals(List.of(), faults);
  }

  /** The documentation page would fill a form with them, and a list would be filtered by them. */
  @Test
  void parameters_have_examples_only_in_their_schemas() {
    List<String> wrong = new ArrayList<>();
    contract
        .operations()
        .forEach(
            (name, operation) ->
                contract
                    .parameters(operation)
                    .forEach(
                        (parameter, members) -> {
                          if (members.containsKey("example") || members.containsKey("examples")) {
                            wrong.add(name + " " + parameter);
                          }
                        }));
    assertEquals(List.of(), wrong);
  }

  @Test
  void an_invalid_example_is_reported() {
    List<String> faults = new ArrayList<>();
    addFaults("Tier", "gold", faults);
    assertEquals(1, faults.size());
    assertTrue(faults.getFirst().startsWith("Tier: "), faults.getFirst());
  }

  private void addFaultsOfBodies(@Nullable Object node, List<String> faults) {
    Document.list(node).forEach(item -> addFaultsOfBodies(item, faults));
    Map<String, Object> members = Document.map(node);
    if (Document.map(members.get("schema")).get("$ref") instanceof String reference) {
      String schema = reference.substring(reference.lastIndexOf('/') + 1);
      Document.map(members.get("examples"))
          .values()
          .forEach(
              example ->
                  addFaults(
                      schema,
                      Objects.requireNonNull(contract.resolved(example).get("value")),
                      faults));
    }
    members.values().forEach(member -> addFaultsOfBodies(member, faults));
  }

  private void addFaults(String schema, Object example, List<String> faults) {
    // The validator expects a string without its quotes.
    boolean string = "string".equals(contract.resolved(schemas.get(schema)).get("type"));
    Contract.current()
        .faultsOf(schema, string ? example.toString() : json.text(example))
        .forEach(fault -> faults.add(schema + ": " + fault));
  }
}
