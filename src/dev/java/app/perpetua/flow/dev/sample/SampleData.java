package app.perpetua.flow.dev.sample;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.UtcDay;
import app.perpetua.flow.dev.control.Controls;
import app.perpetua.flow.dev.control.Person;
import app.perpetua.flow.dev.control.ServiceClock;
import app.perpetua.flow.dev.sample.SampleMonth.Step;
import app.perpetua.flow.dev.sample.SampleMonth.Visit;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeProvider;
import java.io.IOException;
import java.net.URI;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import tools.jackson.databind.JsonNode;

/**
 * Creates a person with a month of data: sets the service's clock back, replays the month at its
 * own times with all jobs that become due, and returns the clock to its offset. Thread-safe.
 */
public final class SampleData {
  /** Who it is without another address. */
  public static final String EMAIL = "mara.lindqvist@example.com";

  private static final int DAYS = 28;
  private static final int WEEK = 7;

  /**
   * What was created.
   *
   * @param firstDay the UTC day on which the person registered
   * @param requests number of requests with the person's access token
   */
  public record Created(String email, UUID userId, LocalDate firstDay, int requests) {}

  private final URI service;
  private final Controls controls;
  private final ServiceClock clock;
  private final Controls.JobRunner jobs;
  private final FakeCheckout checkout;
  private final Collection<FakeProvider> providers;
  private final SampleDatabase database;
  private final Json json;
  private final SampleMonth month = SampleMonth.load();

  /**
   * @param service base URL
   * @param controls signs the person in
   * @param providers all fakes, which must be up
   */
  public SampleData(
      URI service,
      Controls controls,
      ServiceClock clock,
      Controls.JobRunner jobs,
      FakeCheckout checkout,
      Collection<FakeProvider> providers,
      DataSource database,
      Json json) {
    this.service = service;
    this.controls = controls;
    this.clock = clock;
    this.jobs = jobs;
    this.checkout = checkout;
    this.providers = List.copyOf(providers);
    this.database = new SampleDatabase(database);
    this.json = json;
  }

  /**
   * Creates the person. Takes several seconds; until then the service's clock is wrong for
   * everybody: access tokens of others are refused as issued in the future, and what they write has
   * times of the past.
   *
   * @param progress receives a line for each week
   * @throws Refusal with CONFLICT, and nothing has changed, if there is such an account, another
   *     caller moves the clock, or a provider is not up
   * @throws IOException if a step fails; the clock is returned, the person stays incomplete
   */
  public Created create(String email, Consumer<String> progress)
      throws IOException, InterruptedException {
    if (!clock.tryHold()) {
      throw Refusal.of(
          ErrorCode.CONFLICT,
          "the clock is being moved, by another POST /sample or by POST /clock");
    }
    try {
      check(email);
      return replay(email, progress);
    } finally {
      clock.release();
    }
  }

  private void check(String email) {
    if (database.hasAccount(Person.of(email).subject())) {
      throw Refusal.of(
          ErrorCode.CONFLICT,
          email + " already has an account; give another email, or start ./dev with --fresh");
    }
    if (providers.stream().anyMatch(provider -> provider.state() != FakeProvider.State.UP)) {
      throw Refusal.of(
          ErrorCode.CONFLICT, "a provider is slow or failing; POST /providers switches it up");
    }
  }

  private Created replay(String email, Consumer<String> progress)
      throws IOException, InterruptedException {
    Duration offset = clock.offset();
    Instant now = clock.instant();
    LocalDate today = UtcDay.of(now);
    // From a Monday, so that weekdays are weekdays.
    LocalDate first =
        today.minusDays(DAYS).with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
    database.skipDailyCredits(first, today);
    try (Visitor visitor = new Visitor(service, checkout, database, json, name(email))) {
      try {
        int week = 0;
        for (Visit visit : month.visits()) {
          LocalDate day = first.plusDays(visit.day() - 1);
          Instant at = day.atTime(visit.time()).toInstant(ZoneOffset.UTC);
          if (!at.isBefore(now)) {
            break;
          }
          if (visit.day() > week * WEEK) {
            week++;
            progress.accept("Sample data: week " + week + " ...");
          }
          moveTo(offset.minus(Duration.between(at, now)));
          if (!visit.steps().isEmpty()) {
            visit(visitor, email, visit.steps(), day);
          }
        }
      } finally {
        clock.restore(offset);
      }
      runDue();
      UUID user = visit(visitor, email, month.today(), today);
      return new Created(email, user, first, visitor.requests());
    }
  }

  private void moveTo(Duration offset) throws IOException, InterruptedException {
    if (!clock.move(() -> offset)) {
      throw new IOException("the clock cannot be set back before the year 2000");
    }
    runDue();
  }

  private void runDue() throws IOException, InterruptedException {
    if (!jobs.runDue()) {
      throw new IOException("no process of the service can run jobs now");
    }
  }

  /** Signs in, because an access token lives for minutes of the service's clock. */
  private UUID visit(Visitor visitor, String email, List<Step> steps, LocalDate day)
      throws IOException, InterruptedException {
    JsonNode session = controls.signIn(email);
    UUID user = UUID.fromString(session.at("/user/id").asString(""));
    Secret token = new Secret(session.path("access_token").asString(""));
    for (Step step : steps) {
      visitor.take(step, user, token, day);
    }
    runDue();
    return user;
  }

  /** The words before the at sign, capitalised. */
  private static String name(String email) {
    return Arrays.stream(email.split("@", 2)[0].split("[.+_-]+", -1))
        .map(word -> Person.of(word).name())
        .collect(Collectors.joining(" "))
        .strip();
  }
}
