package app.perpetua.flow.dev.sample;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a person does in a month, read from a text whose first lines explain its format.
 *
 * @param visits in the order of their times
 * @param today what the person does at the end, at the present time
 */
record SampleMonth(List<Visit> visits, List<Step> today) {
  /**
   * The steps at one time.
   *
   * @param day 1 is the first
   */
  record Visit(int day, LocalTime time, List<Step> steps) {}

  /** Something that the person does. */
  sealed interface Step {
    /**
     * A request to the service.
     *
     * @param path below /api/v1, with names in braces
     * @param body JSON, with names in braces and times; empty if there is none
     * @param result the name for a value of the answer
     */
    record Request(String method, String path, String body, Optional<Result> result)
        implements Step {}

    /**
     * Uses a payment page.
     *
     * @param page the name of the page's id
     * @param accepted false if the card is declined
     */
    record Payment(String page, boolean accepted) implements Step {}
  }

  /**
   * A value of an answer.
   *
   * @param pointer where the value is: a JSON pointer
   */
  record Result(String name, String pointer) {}

  private static final String RESOURCE = "/sample/month.txt";
  private static final Pattern VISIT = Pattern.compile("day ([0-9]{1,2}), ([0-9]{2}:[0-9]{2})");
  private static final Pattern PAYMENT = Pattern.compile("(pay|decline) \\{([a-z_]+)}");
  private static final Pattern REQUEST =
      Pattern.compile(
          "(POST|PATCH|PUT|DELETE) (/\\S+)(?: (\\{.*}))?(?: -> ([a-z_]+)(?: (/\\S+))?)?");

  /** Reads the month that is part of the dev server. */
  static SampleMonth load() {
    try (InputStream text =
        Objects.requireNonNull(SampleMonth.class.getResourceAsStream(RESOURCE), RESOURCE)) {
      return parse(new String(text.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Parses a month.
   *
   * @throws IllegalArgumentException with the number of the first invalid line
   */
  static SampleMonth parse(String text) {
    List<Visit> visits = new ArrayList<>();
    List<Step> today = new ArrayList<>();
    List<Step> current = null;
    int number = 0;
    for (String line : text.lines().map(String::strip).toList()) {
      number++;
      Matcher visit = VISIT.matcher(line);
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (visit.matches()) {
        current = new ArrayList<>();
        visits.add(
            new Visit(Integer.parseInt(visit.group(1)), LocalTime.parse(visit.group(2)), current));
      } else if (line.equals("today")) {
        current = today;
      } else {
        Optional<Step> step = step(line);
        if (step.isEmpty() || current == null) {
          throw new IllegalArgumentException("line " + number + " is invalid: " + line);
        }
        current.add(step.get());
      }
    }
    return new SampleMonth(List.copyOf(visits), List.copyOf(today));
  }

  private static Optional<Step> step(String line) {
    Matcher payment = PAYMENT.matcher(line);
    if (payment.matches()) {
      return Optional.of(new Step.Payment(payment.group(2), payment.group(1).equals("pay")));
    }
    Matcher request = REQUEST.matcher(line);
    if (!request.matches()) {
      return Optional.empty();
    }
    Optional<Result> result =
        Optional.ofNullable(request.group(4))
            .map(
                name -> new Result(name, Objects.requireNonNullElse(request.group(5), "/data/id")));
    return Optional.of(
        new Step.Request(
            request.group(1),
            request.group(2),
            Objects.requireNonNullElse(request.group(3), ""),
            result));
  }
}
