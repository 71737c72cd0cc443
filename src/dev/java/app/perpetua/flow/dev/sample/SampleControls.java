package app.perpetua.flow.dev.sample;

import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.parsing.JsonReader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The control-port call that creates sample data. Thread-safe. */
public final class SampleControls {
  private final SampleData sample;

  public SampleControls(SampleData sample) {
    this.sample = sample;
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "POST",
            "/sample",
            "{email?}",
            "creates a person with a month of tasks, notes, streaks, credits and payments, as in"
                + " life: {email, user_id, first_day, requests}; for some seconds the service's"
                + " clock is up to 34 days behind, so that access tokens of others are refused and"
                + " their requests are dated in the past; 409 if the person has an account",
            this::create));
  }

  private Answer create(JsonReader body) throws InterruptedException {
    String email = body.notNull("email").text("email", 3, 320);
    body.validate();
    try {
      SampleData.Created created =
          sample.create(Objects.requireNonNullElse(email, SampleData.EMAIL), _ -> {});
      Map<String, Object> shown = new LinkedHashMap<>();
      shown.put("email", created.email());
      shown.put("user_id", created.userId());
      shown.put("first_day", created.firstDay().toString());
      shown.put("requests", created.requests());
      return Answer.ok(shown);
    } catch (IOException e) {
      return Answer.failed(
          502, "SAMPLE_INCOMPLETE", "the sample data are incomplete: " + e.getMessage());
    }
  }
}
