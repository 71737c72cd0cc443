package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeGoogle.IdToken;
import app.perpetua.flow.parsing.JsonReader;
import java.io.IOException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Control-port calls that drive the service, its clock and the fake Google. Thread-safe. */
public final class Controls {
  /** Runs due jobs. */
  @FunctionalInterface
  public interface JobRunner {
    /** Runs all due jobs; true once none is due or running, false if no process can run them. */
    boolean runDue() throws InterruptedException;
  }

  private static final int MAX_TEXT = 2_000;
  private static final int MAX_LIFETIME_SECONDS = 31_622_400;

  private final FakeGoogle google;
  private final String clientId;
  private final Sessions sessions;
  private final Shop shop;
  private final ServiceClock clock;
  private final RanJobs ranJobs;
  private final JobRunner jobRunner;
  private final RandomGenerator random;

  /**
   * @param clientId audience of ID tokens
   * @param ranJobs jobs that ran since the clock was last moved
   * @param jobRunner runs due jobs
   * @param random generates email addresses; thread-safe
   */
  public Controls(
      FakeGoogle google,
      String clientId,
      Sessions sessions,
      Shop shop,
      ServiceClock clock,
      RanJobs ranJobs,
      JobRunner jobRunner,
      RandomGenerator random) {
    this.google = google;
    this.clientId = clientId;
    this.sessions = sessions;
    this.shop = shop;
    this.clock = clock;
    this.ranJobs = ranJobs;
    this.jobRunner = jobRunner;
    this.random = random;
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "POST",
            "/session",
            "{email?, tier?: free|pro, credits?: {purchased?: n}, device?: {id, name}}",
            "signs in as that person, or as a new one: {access_token, refresh_token, user}; buys"
                + " Pro and credits through the payment flow",
            this::session),
        new Call("GET", "/clock", "", "the service's current time", this::clock),
        new Call(
            "POST",
            "/clock",
            "{advance: \"PT24H\"} or {set: \"2026-03-01T23:59:59Z\"} or {reset: true}",
            "moves the service's clock, which keeps running from there",
            this::moveClock),
        new Call(
            "POST",
            "/jobs/run-due",
            "",
            "runs all due jobs; returns {ran: [{kind, outcome}]}, the jobs since the last change of"
                + " the clock",
            this::runDue),
        new Call(
            "POST",
            "/google/id-token",
            "{sub?, email?, name?, picture?, email_verified?, aud?, iss?, expires_in?}",
            "{id_token} signed by the fake Google; expires_in is seconds, negative if expired",
            this::idToken),
        new Call(
            "POST",
            "/google/rotate-keys",
            "",
            "Google signs with a new key and no longer publishes the old one",
            this::rotateKeys),
        new Call(
            "POST",
            "/google/script",
            "{down: true|false}",
            "makes Google's signing keys unavailable, or available again",
            this::script));
  }

  private Answer session(JsonReader body) throws IOException, InterruptedException {
    Person person = person(body.text("email", 3, 320));
    String tier = body.oneOf("tier", "free", "pro");
    JsonReader credits = body.object("credits");
    Integer purchased = credits == null ? null : credits.integer("purchased", 1, 500);
    Sessions.Device device = device(body.object("device"));
    body.validate();
    try {
      Sessions.Answer answer = sessions.signIn(new Secret(of(person).sign()), device);
      if (answer.status() == 200 && ("pro".equals(tier) || purchased != null)) {
        Secret token = new Secret(answer.body().path("access_token").asString(""));
        Sessions.Answer bought = bought(token, "pro".equals(tier), purchased);
        if (bought.status() != 200) {
          return refused("PURCHASE_REFUSED", bought);
        }
        // Only a new token contains the new tier.
        answer = sessions.signIn(new Secret(of(person).sign()), device);
      }
      return answer.status() == 200 ? session(answer) : refused("SIGN_IN_REFUSED", answer);
    } catch (IOException e) {
      return Answer.failed(503, "SERVICE_UNAVAILABLE", "the service does not respond: " + e);
    }
  }

  private static Sessions.@Nullable Device device(@Nullable JsonReader object) {
    if (object == null) {
      return null;
    }
    UUID id = object.required("id", "name").uuid("id");
    String name = object.text("name", 1, 100);
    return id == null || name == null ? null : new Sessions.Device(id, name);
  }

  /**
   * Signs that person in.
   *
   * @return the service's answer, with tokens and user
   * @throws IOException if the service does not answer or refuses
   */
  public JsonNode signIn(String email) throws IOException, InterruptedException {
    Sessions.Answer answer = sessions.signIn(new Secret(of(Person.of(email)).sign()), null);
    if (answer.status() != 200) {
      throw new IOException(
          "the service answered the sign-in with " + answer.status() + ": " + answer.body());
    }
    return answer.body();
  }

  private Sessions.Answer bought(Secret token, boolean pro, @Nullable Integer credits)
      throws IOException, InterruptedException {
    if (pro) {
      Sessions.Answer answer = shop.pro(token);
      if (answer.status() != 200 || credits == null) {
        return answer;
      }
    }
    return shop.credits(token, Objects.requireNonNull(credits));
  }

  private static Answer refused(String code, Sessions.Answer answer) {
    Map<String, Object> refused = new LinkedHashMap<>();
    refused.put("code", code);
    refused.put("message", "the service answered " + answer.status());
    refused.put("answer", answer.body());
    return new Answer(502, Map.of("error", refused));
  }

  private static Answer session(Sessions.Answer answer) {
    Map<String, JsonNode> session = new LinkedHashMap<>();
    for (String name : List.of("access_token", "refresh_token", "user")) {
      session.put(name, answer.body().path(name));
    }
    return Answer.ok(session);
  }

  private Answer idToken(JsonReader body) {
    Person person = person(body.text("email", 1, MAX_TEXT));
    String subject = body.text("sub", 1, MAX_TEXT);
    IdToken token = of(person).with("sub", subject == null ? person.subject() : subject);
    for (String claim : List.of("name", "picture", "iss")) {
      String text = body.text(claim, 0, MAX_TEXT);
      if (text != null) {
        token.with(claim, text);
      }
    }
    String audience = body.text("aud", 0, MAX_TEXT);
    if (audience != null) {
      token.with("aud", audience).with("azp", audience);
    }
    Boolean verified = body.bool("email_verified");
    if (verified != null) {
      token.with("email_verified", verified);
    }
    Integer lifetime = body.integer("expires_in", -MAX_LIFETIME_SECONDS, MAX_LIFETIME_SECONDS);
    if (lifetime != null) {
      token.expiringIn(Duration.ofSeconds(lifetime));
    }
    body.validate();
    return Answer.ok(Map.of("id_token", token.sign()));
  }

  private Person person(@Nullable String email) {
    if (email != null) {
      return Person.of(email);
    }
    byte[] unique = new byte[4];
    random.nextBytes(unique);
    return Person.of("dev." + HexFormat.of().formatHex(unique) + "@example.com");
  }

  private IdToken of(Person person) {
    return google
        .idToken(person.subject())
        .with("email", person.email())
        .with("name", person.name())
        .with("aud", clientId)
        .with("azp", clientId);
  }

  private Answer rotateKeys(JsonReader body) {
    body.validate();
    google.rotateKeys();
    return Answer.ok(Map.of("rotated", true));
  }

  private Answer script(JsonReader body) {
    Boolean down = body.required("down").bool("down");
    body.validate();
    boolean isDown = Boolean.TRUE.equals(down);
    google.respondWith(isDown ? FakeGoogle.Mode.DOWN : FakeGoogle.Mode.WORKING);
    return Answer.ok(Map.of("down", isDown));
  }

  private Answer clock(JsonReader body) {
    body.validate();
    return shown();
  }

  private Answer moveClock(JsonReader body) {
    String advance = body.text("advance", 1, 100);
    Instant set = body.instant("set");
    Boolean reset = body.bool("reset");
    body.notNull("advance", "set", "reset");
    if (Boolean.FALSE.equals(reset)) {
      body.addError("reset", "must be true");
    }
    body.validate();
    if (Stream.of(advance, set, reset).filter(Objects::nonNull).count() != 1) {
      throw Refusal.of(ErrorCode.VALIDATION_ERROR, "give exactly one of advance, set and reset");
    }
    String field = advance != null ? "advance" : "set";
    try {
      if (!clock.move(() -> offset(advance, set))) {
        throw Refusal.invalid(field, "must lead to a time from 2000 to 2099");
      }
      return shown();
    } catch (DateTimeException | ArithmeticException e) {
      throw Refusal.invalid(field, "must be a duration such as PT24H").because(e);
    }
  }

  private Answer runDue(JsonReader body) throws InterruptedException {
    body.validate();
    return jobRunner.runDue()
        ? Answer.ok(Map.of("ran", ranJobs.all()))
        : Answer.failed(503, "SERVICE_UNAVAILABLE", "no process of the service can run jobs now");
  }

  private Duration offset(@Nullable String advance, @Nullable Instant set) {
    if (advance != null) {
      return clock.offset().plus(Duration.parse(advance));
    }
    return set == null ? Duration.ZERO : Duration.between(Clock.systemUTC().instant(), set);
  }

  private Answer shown() {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("now", clock.instant());
    shown.put("offset_ms", clock.offset().toMillis());
    return Answer.ok(shown);
  }
}
