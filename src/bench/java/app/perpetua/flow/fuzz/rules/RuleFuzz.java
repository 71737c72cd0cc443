package app.perpetua.flow.fuzz.rules;

import app.perpetua.flow.fuzz.Deadline;
import app.perpetua.flow.fuzz.Tally;
import app.perpetua.flow.fuzz.rules.RuleGenerator.Case;
import app.perpetua.flow.recurrence.RuleProbe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Compares the occurrences of random rules with those of python-dateutil, and gives the parser
 * malformed rules, which it must refuse with a reason.
 */
public final class RuleFuzz {
  private static final int MOST = 60;
  private static final int MALFORMED_PER_RULE = 5;
  private static final Duration SLOW = Duration.ofSeconds(2);
  private static final Instant FROM = Instant.parse("2017-01-01T00:00:00Z");
  private static final Instant TO = Instant.parse("2037-01-01T00:00:00Z");
  private static final List<String> ZONES =
      List.of(
          "UTC",
          "Europe/Berlin",
          "Europe/London",
          "Europe/Dublin",
          "Europe/Lisbon",
          "Europe/Chisinau",
          "Europe/Istanbul",
          "America/New_York",
          "America/St_Johns",
          "America/Los_Angeles",
          "America/Sao_Paulo",
          "America/Santiago",
          "America/Havana",
          "America/Asuncion",
          "America/Nuuk",
          "Atlantic/Azores",
          "Africa/Cairo",
          "Africa/Casablanca",
          "Africa/Johannesburg",
          "Asia/Kathmandu",
          "Asia/Kolkata",
          "Asia/Tehran",
          "Asia/Jerusalem",
          "Asia/Beirut",
          "Asia/Tokyo",
          "Australia/Lord_Howe",
          "Australia/Adelaide",
          "Australia/Sydney",
          "Pacific/Auckland",
          "Pacific/Chatham",
          "Pacific/Apia",
          "Pacific/Kiritimati",
          "Pacific/Norfolk",
          "Pacific/Easter");

  private final Tally tally;
  private final long seed;

  public RuleFuzz(Tally tally, long seed) {
    this.tally = tally;
    this.seed = seed;
  }

  /**
   * Compares until the deadline, or at most this many rules.
   *
   * @return a note for the table
   */
  public String run(Deadline deadline, int rules) throws IOException {
    Optional<Dateutil> started = Dateutil.start();
    if (started.isEmpty()) {
      tally.skip("python3 with dateutil is not installed (apt-get install python3-dateutil)");
      return "";
    }
    try (Dateutil dateutil = started.get()) {
      List<ZoneId> zones = zones(dateutil);
      int compared = 0;
      for (long number = 0; compared < rules && !deadline.isOver(); number++) {
        Case generated = RuleGenerator.generate(seed, number, zones);
        if (compare(generated, number, dateutil)) {
          compared++;
        }
        for (int i = 0; i < MALFORMED_PER_RULE; i++) {
          malformed(number * MALFORMED_PER_RULE + i);
        }
      }
      return "%,d rules compared with dateutil %s, in %d of %d zones, whose data are equal"
          .formatted(compared, dateutil.version(), zones.size(), ZONES.size());
    }
  }

  /** Zones of which Java and Python have the same data. */
  private static List<ZoneId> zones(Dateutil dateutil) throws IOException {
    List<ZoneId> equal = new ArrayList<>();
    for (String name : ZONES) {
      ZoneId zone = ZoneId.of(name);
      List<Long> epochs = new ArrayList<>(List.of(FROM.getEpochSecond()));
      Stream.iterate(
              zone.getRules().nextTransition(FROM),
              next -> next != null && next.getInstant().isBefore(TO),
              next -> zone.getRules().nextTransition(next.getInstant()))
          .map(ZoneOffsetTransition::toEpochSecond)
          .forEach(at -> epochs.addAll(List.of(at - 1, at)));
      JsonNode offsets = dateutil.ask(Map.of("zone", name, "epochs", epochs));
      List<Integer> ours =
          epochs.stream()
              .map(at -> zone.getRules().getOffset(Instant.ofEpochSecond(at)).getTotalSeconds())
              .toList();
      if (ours.equals(offsets.values().stream().map(JsonNode::asInt).toList())) {
        equal.add(zone);
      }
    }
    return equal;
  }

  /** Returns whether the rule was compared; the parser refuses some that the grammar permits. */
  private boolean compare(Case input, long number, Dateutil dateutil) throws IOException {
    Optional<String> refusal = RuleProbe.refusal(input.rule());
    if (refusal.isPresent()) {
      boolean impossible = refusal.get().contains("no month of BYMONTH has a day");
      if (!impossible) {
        violation("a rule is refused: " + refusal.get(), input, number, "");
      }
      tally.count("refused");
      return false;
    }
    JsonNode theirs =
        dateutil.ask(
            Map.of(
                "rule", input.rule(),
                "zone", input.zone().getId(),
                "start", input.start().toEpochMilli(),
                "bound", RuleProbe.LOOKAHEAD.toMillis(),
                "most", MOST));
    List<Instant> expected =
        theirs.values().stream().map(at -> Instant.ofEpochMilli(at.asLong())).toList();
    long begun = System.nanoTime();
    try {
      List<Instant> ours = RuleProbe.occurrences(input.rule(), input.start(), input.zone(), MOST);
      if (!ours.equals(expected)) {
        violation("other occurrences than dateutil", input, number, difference(ours, expected));
      }
      for (int i = 1; i < expected.size(); i += 7) {
        Optional<Instant> next =
            RuleProbe.next(input.rule(), input.start(), input.zone(), expected.get(i - 1));
        if (!next.equals(Optional.of(expected.get(i)))) {
          violation("another next occurrence", input, number, next + ", not " + expected.get(i));
        }
      }
      boolean two = expected.size() >= 2;
      Optional<String> problem = RuleProbe.problem(input.rule(), input.start(), input.zone());
      if (problem.isPresent() && two) {
        violation("a template is refused: " + problem.get(), input, number, "");
      }
      if (RuleProbe.description(input.rule(), input.start(), input.zone()).isBlank()) {
        violation("no description", input, number, "");
      }
    } catch (RuntimeException e) {
      violation("the search throws " + e.getClass().getSimpleName(), input, number, e.toString());
    }
    if (System.nanoTime() - begun > SLOW.toNanos()) {
      violation("slower than " + SLOW, input, number, "");
    }
    tally.count(expected.isEmpty() ? "no occurrence" : "occurrences");
    return true;
  }

  private void malformed(long number) {
    String text = RuleGenerator.malformed(seed, number);
    try {
      Optional<String> refusal = RuleProbe.refusal(text);
      if (refusal.isPresent() && refusal.get().isBlank()) {
        tally.violation("refused without a reason", text, number, bytes(text), new byte[0]);
      }
      if (refusal.isEmpty() && text.length() > RuleProbe.MAX_LENGTH) {
        tally.violation("longer than permitted", text, number, bytes(text), new byte[0]);
      }
      if (refusal.isEmpty()) {
        RuleProbe.problem(text, FROM, ZoneId.of("Europe/Berlin"));
      }
      tally.count(refusal.isPresent() ? "malformed, refused" : "malformed, still a rule");
    } catch (RuntimeException e) {
      tally.violation(
          "the parser throws " + e.getClass().getSimpleName(),
          "malformed",
          number,
          bytes(text),
          bytes(e.toString()));
    }
  }

  private void violation(String kind, Case input, long number, String detail) {
    tally.violation(
        kind,
        input.rule(),
        number,
        bytes(input.rule() + " from " + input.start() + " in " + input.zone()),
        bytes(detail));
  }

  private static String difference(List<Instant> ours, List<Instant> expected) {
    for (int i = 0; i < Math.max(ours.size(), expected.size()); i++) {
      String our = i < ours.size() ? ours.get(i).toString() : "none";
      String their = i < expected.size() ? expected.get(i).toString() : "none";
      if (!our.equals(their)) {
        return "occurrence %d: %s, dateutil has %s (%d and %d occurrences)"
            .formatted(i + 1, our, their, ours.size(), expected.size());
      }
    }
    return "";
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
