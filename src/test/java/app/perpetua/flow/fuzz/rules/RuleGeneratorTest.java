package app.perpetua.flow.fuzz.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.recurrence.RuleProbe;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RuleGeneratorTest {
  private static final List<ZoneId> ZONES = List.of(ZoneId.of("Europe/Berlin"), ZoneId.of("UTC"));

  @Test
  void a_seed_repeats_the_rules() {
    Set<String> different = new HashSet<>();
    for (long number = 0; number < 200; number++) {
      RuleGenerator.Case once = RuleGenerator.generate(7, number, ZONES);
      assertEquals(once, RuleGenerator.generate(7, number, ZONES));
      assertEquals(RuleGenerator.malformed(7, number), RuleGenerator.malformed(7, number));
      different.add(once.toString());
    }
    assertTrue(different.size() > 190);
  }

  @Test
  void most_rules_are_accepted_and_most_malformed_ones_refused() {
    int accepted = 0;
    int refused = 0;
    for (long number = 0; number < 500; number++) {
      String rule = RuleGenerator.generate(7, number, ZONES).rule();
      accepted += RuleProbe.refusal(rule).isEmpty() ? 1 : 0;
      refused += RuleProbe.refusal(RuleGenerator.malformed(7, number)).isPresent() ? 1 : 0;
    }
    assertTrue(accepted > 480, "accepted: " + accepted);
    assertTrue(refused > 450, "refused: " + refused);
  }

  @Test
  void every_part_of_the_grammar_occurs() {
    StringBuilder all = new StringBuilder();
    for (long number = 0; number < 500; number++) {
      all.append(RuleGenerator.generate(7, number, ZONES).rule()).append('\n');
    }
    for (String part :
        List.of(
            "FREQ=DAILY",
            "FREQ=WEEKLY",
            "FREQ=MONTHLY",
            "FREQ=YEARLY",
            "INTERVAL=",
            "COUNT=",
            "UNTIL=",
            "BYDAY=",
            "BYMONTHDAY=",
            "BYMONTH=",
            "BYSETPOS=",
            "WKST=")) {
      assertTrue(all.indexOf(part) >= 0, part);
    }
  }
}
