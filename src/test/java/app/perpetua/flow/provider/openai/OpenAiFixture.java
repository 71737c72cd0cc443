package app.perpetua.flow.provider.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import app.perpetua.flow.assistant.Failure;
import app.perpetua.flow.assistant.Model.Answer;
import app.perpetua.flow.assistant.Model.Event;
import app.perpetua.flow.assistant.Prompt;
import app.perpetua.flow.assistant.Prompt.Author;
import app.perpetua.flow.assistant.Prompt.Item;
import app.perpetua.flow.assistant.Prompt.OutputMode;
import app.perpetua.flow.assistant.Prompt.Tool;
import app.perpetua.flow.assistant.Schema;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Eventually;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** A fake OpenAI and a client of it. */
final class OpenAiFixture implements AutoCloseable {
  /** Longer than any test runs. */
  static final Duration AGES = Duration.ofMinutes(5);

  /** Short enough to wait for; no test fails if a busy machine is slower. */
  static final Duration SOON = Duration.ofMillis(400);

  static final Schema.ObjectSchema TASK =
      new Schema.ObjectSchema(
          "",
          members(
              "title",
              new Schema.StringSchema("What is to be done", 1, 40),
              "priority",
              new Schema.NullableSchema(
                  new Schema.EnumSchema("", List.of("low", "medium", "high")))));

  static final Tool CREATE = new Tool("create_task", "Proposes a new task", TASK);
  static final Tool COMPLETE =
      new Tool(
          "complete_task",
          "Proposes that a task is done",
          new Schema.ObjectSchema(
              "", members("task_id", new Schema.StringSchema("Its id", 36, 36))));
  static final Tool STEPS =
      new Tool(
          "subtasks",
          "The steps of the task",
          new Schema.ObjectSchema(
              "",
              members(
                  "subtasks",
                  new Schema.ArraySchema(
                      "",
                      new Schema.ObjectSchema(
                          "", members("title", new Schema.StringSchema("", 1, 40))),
                      1,
                      4))));

  final FakeOpenAi server = new FakeOpenAi();
  final HttpClient http = HttpClient.newHttpClient();
  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final Json json = new Json();
  final MutableClock clock = new MutableClock();

  final OpenAi openAi;

  OpenAiFixture() {
    this(new Timeouts(AGES, Duration.ofMillis(1), 1));
  }

  OpenAiFixture(Timeouts timeouts) {
    openAi = client(timeouts);
  }

  OpenAi client(Timeouts timeouts) {
    return client(timeouts, server.baseUrl(), FakeOpenAi.KEY);
  }

  /** A client with the time-outs of its configuration. */
  OpenAi configured(Duration silence) {
    return new OpenAi(
        http,
        new OpenAiConfig(Optional.empty(), "gpt-4-turbo", server.baseUrl(), AGES, silence),
        new Secret(FakeOpenAi.KEY),
        json,
        Optional.empty(),
        clock,
        System::nanoTime,
        RandomGenerator.of("L64X128MixRandom"),
        registry);
  }

  OpenAi client(Timeouts timeouts, URI base, String key) {
    return new OpenAi(
        http,
        new OpenAiConfig(Optional.empty(), "gpt-4-turbo", base, AGES, AGES),
        new Secret(key),
        json,
        Optional.empty(),
        clock,
        System::nanoTime,
        RandomGenerator.of("L64X128MixRandom"),
        registry,
        timeouts);
  }

  static Map<String, Schema> members(Object... pairs) {
    Map<String, Schema> members = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      members.put((String) pairs[i], (Schema) pairs[i + 1]);
    }
    return members;
  }

  static Prompt prompt(String message, OutputMode outputMode) {
    return new Prompt(
        "You help with tasks.",
        List.of(new Item.Message(Author.USER, message)),
        outputMode,
        500,
        "0123456789abcdef");
  }

  static Prompt talk(String message, Tool... tools) {
    return prompt(message, new OutputMode.Chat(List.of(tools)));
  }

  Answer stream(Prompt prompt) {
    return openAi.stream(prompt, AGES);
  }

  /** All events of the turn. */
  static List<Event> all(Answer answer) throws InterruptedException {
    List<Event> events = new ArrayList<>();
    try (answer) {
      Event event = answer.next();
      while (!(event instanceof Event.Finished || event instanceof Event.Failed)) {
        events.add(event);
        event = answer.next();
      }
      events.add(event);
      assertEquals(event, answer.next(), "the last comes again");
    }
    return events;
  }

  List<Event> all(Prompt prompt) throws InterruptedException {
    return all(stream(prompt));
  }

  static String words(List<Event> events) {
    StringBuilder words = new StringBuilder();
    for (Event event : events) {
      if (event instanceof Event.TextDelta(String text)) {
        words.append(text);
      }
    }
    return words.toString();
  }

  static Failure failure(List<Event> events) {
    return assertInstanceOf(Event.Failed.class, events.getLast(), events::toString).failure();
  }

  static Event.Finished finished(List<Event> events) {
    return assertInstanceOf(Event.Finished.class, events.getLast(), events::toString);
  }

  /** The failure of a simple turn. */
  Failure failure() throws InterruptedException {
    return failure(all(talk("Hello")));
  }

  /** Waits until the fake has recorded the outcome of its last response. */
  void awaitOutcome(FakeOpenAi.Outcome outcome) {
    Eventually.within(
        Duration.ofSeconds(30),
        () -> {
          List<FakeOpenAi.ReceivedRequest> requests = server.requests();
          return !requests.isEmpty() && requests.getLast().outcome() == outcome;
        });
  }

  @Override
  public void close() {
    try {
      server.close();
    } finally {
      http.close();
    }
  }
}
