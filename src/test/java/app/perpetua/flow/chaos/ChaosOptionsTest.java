package app.perpetua.flow.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.chaos.fault.Fault;
import app.perpetua.flow.command.Arguments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChaosOptionsTest {
  @Test
  void without_arguments_every_fault_is_injected() {
    ChaosOptions options = ChaosOptions.parse(List.of());
    assertEquals(EnumSet.allOf(Fault.class), options.faults());
    assertEquals(ChaosOptions.DEFAULT_RUNS, options.runs());
    assertNull(options.seed());
  }

  @Test
  void options_are_read() {
    ChaosOptions options =
        ChaosOptions.parse(
            List.of("--runs", "200", "--seed", "-7", "--only", "api-kill", "--long"));
    assertEquals(new ChaosOptions(Set.of(Fault.API_KILL), 200, -7L, false, true), options);
  }

  @ParameterizedTest
  @EnumSource
  void each_fault_can_be_chosen(Fault fault) {
    assertEquals(Set.of(fault), ChaosOptions.parse(List.of("--only", fault.title())).faults());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--runs 0",
        "--runs -1",
        "--runs many",
        "--runs 1.5",
        "--runs",
        "--seed x",
        "--seed",
        "--only",
        "--only nothing",
        "--short --long",
        "--short --runs 5",
        "--quick",
        "api-kill"
      })
  void misuse_is_reported(String line) {
    List<String> arguments = Arrays.asList(line.split(" ", -1));
    assertThrows(Arguments.Invalid.class, () -> ChaosOptions.parse(arguments));
  }

  /** The help is printed without a build, so the script has its own list. */
  @ParameterizedTest
  @EnumSource
  void the_script_lists_every_fault(Fault fault) throws IOException {
    assertTrue(
        Files.readAllLines(Path.of("chaos")).stream()
            .anyMatch(line -> line.startsWith("  " + fault.title() + " ")));
  }

  @Test
  void kills_are_distributed_and_the_others_follow() {
    List<Plan> plans = Plan.of(ChaosOptions.parse(List.of("--runs", "15")), 7);
    long kills = plans.stream().filter(plan -> plan.fault().isRandomKill()).count();
    assertEquals(15, kills);
    assertEquals(
        EnumSet.allOf(Fault.class), EnumSet.copyOf(plans.stream().map(Plan::fault).toList()));
  }

  @Test
  void a_short_command_injects_some_of_the_faults_and_in_time_each() {
    ChaosOptions options = ChaosOptions.parse(List.of("--short"));
    EnumSet<Fault> injected = EnumSet.noneOf(Fault.class);
    for (long seed = 0; seed < 40; seed++) {
      List<Plan> plans = Plan.of(options, seed);
      int weight = plans.stream().mapToInt(plan -> Plan.weight(plan.fault())).sum();
      assertEquals(Plan.SHORT, weight);
      assertEquals(plans, Plan.of(options, seed));
      plans.forEach(plan -> injected.add(plan.fault()));
    }
    assertEquals(EnumSet.allOf(Fault.class), injected);
  }

  @Test
  void a_short_command_injects_all_faults_that_were_chosen() {
    ChaosOptions options =
        ChaosOptions.parse(
            List.of("--short", "--only", "providers-down", "--only", "providers-lying"));
    assertEquals(
        List.of(Fault.PROVIDERS_DOWN, Fault.PROVIDERS_LYING),
        Plan.of(options, 7).stream().map(Plan::fault).toList());
  }

  @Test
  void a_run_is_the_same_when_its_fault_is_chosen_alone() {
    List<Plan> all = Plan.of(ChaosOptions.parse(List.of("--runs", "30")), 7);
    List<Plan> alone =
        Plan.of(ChaosOptions.parse(List.of("--runs", "5", "--only", "worker-kill")), 7);
    List<Plan> same = all.stream().filter(plan -> plan.fault() == Fault.WORKER_KILL).toList();
    assertEquals(same.subList(0, 3), alone.subList(0, 3));
    assertEquals(
        same.getFirst().random(7).nextInt(1_500), alone.getFirst().random(7).nextInt(1_500));
    assertNotEquals(same.getFirst().random(7).nextLong(), same.get(1).random(7).nextLong());
    assertNotEquals(same.getFirst().random(7).nextLong(), same.getFirst().random(8).nextLong());
  }
}
