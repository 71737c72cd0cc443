package app.perpetua.flow.fuzz.rules;

import app.perpetua.flow.fuzz.Seeds;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Random rules of the grammar that the service supports, each with a start and a zone, by seed and
 * number alone. Stateless; thread-safe.
 *
 * <p>Numbered and plain weekdays are not mixed in one {@code BYDAY}: dateutil takes their
 * intersection, while the list is a union (RFC 5545, 3.3.10).
 */
final class RuleGenerator {
  /** A rule with its start. */
  record Case(String rule, Instant start, ZoneId zone) {}

  private static final List<String> DAYS = List.of("MO", "TU", "WE", "TH", "FR", "SA", "SU");

  private RuleGenerator() {}

  static Case generate(long seed, long number, List<ZoneId> zones) {
    Random random = Seeds.random(seed, number);
    String rule = rule(random);
    ZoneId zone = zones.get(random.nextInt(zones.size()));
    return new Case(rule, start(random, zone), zone);
  }

  /** A third of them near a change of the zone's offset, and all at a whole second. */
  private static Instant start(Random random, ZoneId zone) {
    Instant any =
        LocalDate.of(2018 + random.nextInt(12), 1, 1)
            .plusDays(random.nextInt(366))
            .atTime(LocalTime.of(random.nextInt(24), random.nextInt(4) * 15))
            .atZone(zone)
            .toInstant();
    var transition = zone.getRules().nextTransition(any);
    return random.nextInt(3) > 0 || transition == null
        ? any
        : transition
            .getInstant()
            .minusSeconds(86_400L * random.nextInt(40))
            .plusSeconds(900L * (random.nextInt(17) - 8));
  }

  private static String rule(Random random) {
    List<String> parts = new ArrayList<>();
    String freq = pick(random, "DAILY", "WEEKLY", "MONTHLY", "YEARLY");
    boolean yearly = freq.equals("YEARLY");
    if (random.nextBoolean()) {
      parts.add(
          "INTERVAL=" + (random.nextInt(8) == 0 ? random.nextInt(1, 60) : random.nextInt(1, 5)));
    }
    int end = random.nextInt(3);
    if (end == 0) {
      parts.add("COUNT=" + random.nextInt(1, 40));
    } else if (end == 1 && random.nextBoolean()) {
      parts.add("UNTIL=" + until(random));
    }
    boolean months = random.nextInt(3) == 0;
    if (months) {
      parts.add("BYMONTH=" + list(random, 4, _ -> String.valueOf(random.nextInt(1, 13))));
    }
    boolean monthDays = !freq.equals("WEEKLY") && (!yearly || months) && random.nextInt(3) == 0;
    if (monthDays) {
      parts.add("BYMONTHDAY=" + list(random, 6, _ -> signed(random, 31)));
    }
    boolean days = random.nextInt(2) == 0;
    if (days) {
      boolean numbered = (yearly || freq.equals("MONTHLY")) && random.nextBoolean();
      int most = freq.equals("MONTHLY") || months ? 5 : 53;
      parts.add(
          "BYDAY="
              + list(
                  random,
                  5,
                  _ -> (numbered ? signed(random, most) : "") + DAYS.get(random.nextInt(7))));
    }
    if ((days || monthDays || months) && random.nextInt(4) == 0) {
      parts.add(
          "BYSETPOS=" + list(random, 3, _ -> signed(random, random.nextInt(3) == 0 ? 60 : 4)));
    }
    if (random.nextInt(3) == 0) {
      parts.add("WKST=" + DAYS.get(random.nextInt(7)));
    }
    Collections.shuffle(parts, random);
    parts.addFirst("FREQ=" + freq);
    return String.join(";", parts);
  }

  private static String until(Random random) {
    LocalDate day = LocalDate.of(2019 + random.nextInt(14), 1, 1).plusDays(random.nextInt(366));
    String date = day.toString().replace("-", "");
    return random.nextBoolean()
        ? date
        : date + "T%02d%02d00Z".formatted(random.nextInt(24), random.nextInt(4) * 15);
  }

  /** From 1 to the maximum, or from -1 down, sometimes with a plus sign. */
  private static String signed(Random random, int max) {
    int value = random.nextInt(1, max + 1);
    return switch (random.nextInt(5)) {
      case 0, 1 -> "-" + value;
      case 2 -> "+" + value;
      default -> String.valueOf(value);
    };
  }

  private static String list(Random random, int most, IntFunction<String> item) {
    int size = random.nextInt(3) == 0 ? random.nextInt(1, most + 1) : random.nextInt(1, 3);
    return IntStream.range(0, size).mapToObj(item).distinct().collect(Collectors.joining(","));
  }

  private static String pick(Random random, String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** A rule with characters or parts replaced, which is probably not a rule any more. */
  static String malformed(long seed, long number) {
    Random random = Seeds.random(seed, -number - 1);
    StringBuilder text = new StringBuilder(rule(random));
    List<String> pieces =
        List.of(
            ";",
            "=",
            ",",
            "FREQ=",
            "BYDAY=",
            "RRULE:",
            "DTSTART:20260101",
            "\r\n ",
            "\n",
            "0",
            "-",
            "99999999999999999999",
            "MO",
            "\u0000",
            "\ud800",
            "é",
            "٣",
            "1e5",
            " ",
            "UNTIL=x",
            "BYHOUR=1",
            "COUNT=0",
            "INTERVAL=-1",
            "X-",
            "\"",
            ":",
            ";;",
            "\ufeff",
            "BYSETPOS=0");
    for (int i = random.nextInt(1, 6); i > 0; i--) {
      int at = random.nextInt(text.length() + 1);
      int until = Math.min(text.length(), at + random.nextInt(4));
      text.replace(
          at, random.nextBoolean() ? at : until, pieces.get(random.nextInt(pieces.size())));
    }
    return random.nextInt(200) == 0 ? text.toString().repeat(200) : text.toString();
  }
}
