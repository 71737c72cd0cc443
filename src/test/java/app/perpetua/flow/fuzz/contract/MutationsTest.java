package app.perpetua.flow.fuzz.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.hostile.Operation;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MutationsTest {
  private static final Operation OPERATION =
      Operation.all().stream()
          .filter(operation -> operation.name().equals("PATCH /api/v1/subtasks/{id}"))
          .findFirst()
          .orElseThrow();

  private static Draft draft() {
    Draft draft = new Draft(OPERATION);
    draft.path.put("id", "019ba722-4680-7c3e-9a51-2f6d8b0c4e17");
    draft.headers.add("Idempotency-Key: 5b1f7f0e-6f3c-4f0a-9b55-0d8f6f1c2a34");
    draft.headers.add("If-Match: \"n8nPkDkuwJBXbPwTbJ0dCg\"");
    draft.body = RawJson.copy(Map.of("title", "a", "version", 77));
    return draft;
  }

  @Test
  void every_change_has_an_effect() {
    byte[] unchanged = draft().bytes();
    List<Mutation> mutations = Mutations.of(OPERATION, draft());
    assertTrue(mutations.size() > 500, "mutations: " + mutations.size());
    int same = 0;
    for (Mutation mutation : mutations) {
      Draft draft = draft();
      mutation.apply(draft);
      same += java.util.Arrays.equals(unchanged, draft.bytes()) ? 1 : 0;
    }
    // Removing a field that the example does not have.
    assertTrue(same <= 5, "without an effect: " + same);
  }

  @Test
  void a_seed_repeats_the_combinations_and_another_one_does_not() {
    List<Operation> operations = List.of(OPERATION);
    Map<Operation, List<Mutation>> mutations = new LinkedHashMap<>();
    mutations.put(OPERATION, Mutations.of(OPERATION, draft()));
    HashSet<String> different = new HashSet<>();
    for (long index = 0; index < 50; index++) {
      String once = ContractFuzz.combination(index, 7, operations, mutations).toString();
      assertEquals(once, ContractFuzz.combination(index, 7, operations, mutations).toString());
      assertNotEquals(once, ContractFuzz.combination(index, 8, operations, mutations).toString());
      different.add(once);
    }
    assertTrue(different.size() > 40);
  }

  @Test
  void raw_json_is_written_as_it_is() {
    Object tree = RawJson.copy(Map.of("a", List.of(1, Map.of("b", "x"))));
    RawJson.set(tree, List.of("a", 1, "b"), new RawJson.Twice("y", null));
    assertEquals(
        "{\"a\":[1,{\"b\":\"y\",\"b\":null}]}",
        new String(RawJson.bytes(tree), StandardCharsets.UTF_8));
    RawJson.remove(tree, List.of("a", 0));
    RawJson.set(tree, List.of("c", "d"), true);
    assertEquals(
        "{\"a\":[{\"b\":\"y\",\"b\":null}],\"c\":{\"d\":true}}",
        new String(RawJson.bytes(tree), StandardCharsets.UTF_8));
  }
}
