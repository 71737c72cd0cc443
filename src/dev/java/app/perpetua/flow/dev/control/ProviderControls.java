package app.perpetua.flow.dev.control;

import app.perpetua.flow.dev.control.ControlPort.Answer;
import app.perpetua.flow.dev.control.ControlPort.Call;
import app.perpetua.flow.fake.FakeProvider;
import app.perpetua.flow.fake.FakeProvider.State;
import app.perpetua.flow.parsing.JsonReader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Control-port calls that switch whole fakes. Thread-safe. */
public final class ProviderControls {
  private final Map<String, FakeProvider> providers;

  /**
   * @param providers by the names that calls use, in the order in which they are listed
   */
  public ProviderControls(Map<String, ? extends FakeProvider> providers) {
    this.providers = new LinkedHashMap<>(providers);
  }

  /** All calls, in the order in which {@code GET /} lists them. */
  public List<Call> calls() {
    return List.of(
        new Call(
            "GET", "/providers", "", "the state of each fake: {openai: up, ...}", this::states),
        new Call(
            "POST",
            "/providers",
            "{name: openai|deepgram|checkout|google|push, state: up|slow|failing}",
            "switches a fake: slow delays each answer by 1.5 s and slows streams, failing answers 500"
                + " (Google and push 503; Deepgram also closes running streams with 1011); scripted"
                + " answers take precedence over failing. The service caches Google's keys:"
                + " POST /google/rotate-keys makes it fetch them",
            this::turn));
  }

  private Answer states(JsonReader body) {
    body.validate();
    return shown();
  }

  private Answer turn(JsonReader body) {
    body.required("name", "state");
    String name = body.oneOf("name", providers.keySet().toArray(String[]::new));
    String state = body.oneOf("state", "up", "slow", "failing");
    body.validate();
    Objects.requireNonNull(providers.get(name))
        .turn(State.valueOf(Objects.requireNonNull(state).toUpperCase(Locale.ROOT)));
    return shown();
  }

  private Answer shown() {
    Map<String, String> states = new LinkedHashMap<>();
    providers.forEach(
        (name, provider) -> states.put(name, provider.state().name().toLowerCase(Locale.ROOT)));
    return Answer.ok(states);
  }
}
