package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Model.Usage;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.LogFields;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The agent loop: asks the model, lets its tools answer, and asks again, in bounded turns and time.
 * It changes nothing; tools only propose. Never to be used inside a transaction. Thread-safe.
 */
public final class Assistant {
  private static final System.Logger LOG = System.getLogger(Assistant.class.getName());
  private static final int MAX_TURNS = 5;

  /** Calls that are answered in one turn; a model that makes more has lost its way. */
  private static final int MAX_CALLS = 20;

  /** More than an answer of the length that we ask for can have. */
  private static final int MAX_TEXT = 100_000;

  /**
   * What the model said.
   *
   * @param text all of it, as it was streamed
   * @param truncated true if it broke off in the middle
   */
  public record ChatResult(String text, boolean truncated) {}

  private final Model model;
  private final Duration timeout;
  private final LongSupplier nanoTime;

  /**
   * @param timeout for a whole run
   * @param nanoTime {@code System::nanoTime}
   */
  public Assistant(Model model, Duration timeout, LongSupplier nanoTime) {
    this.model = model;
    this.timeout = timeout;
    this.nanoTime = nanoTime;
  }

  /**
   * Lets the model talk and call tools.
   *
   * @param prompt with {@link Prompt.OutputMode.Chat}
   * @param tool answers a call, for the model to read; told of unknown tools as well
   * @param words where to say what comes, as it comes; null if only the whole is wanted: then an
   *     answer that breaks off is none
   * @param proposed whether the tools have yielded something, which makes silence usable
   */
  public Result<ChatResult> chat(
      Prompt prompt,
      Function<ToolCall, String> tool,
      @Nullable Consumer<String> words,
      BooleanSupplier proposed,
      Cancellation cancellation) {
    RunState course = new RunState();
    Prompt next = prompt;
    Failure failure = null;
    boolean asking = true;
    while (asking) {
      Turn turn = turn(next, course, words, cancellation);
      failure = turn.failure();
      asking = failure == null && !turn.calls().isEmpty() && course.turns < MAX_TURNS;
      List<Prompt.Item> more = new ArrayList<>(turn.items());
      for (ToolCall call : failure == null ? turn.calls() : List.<ToolCall>of()) {
        course.toolCalls++;
        more.add(
            new Prompt.Item.FunctionResult(
                call.id(), course.toolCalls > MAX_CALLS ? "Too many calls." : tool.apply(call)));
      }
      next = next.with(more);
    }
    String text = course.text.toString();
    boolean heard = words != null && !text.isEmpty();
    if (failure != null && !heard) {
      return new Result.Failed<>(failure, course.end(failure.word()));
    }
    if (text.isBlank() && !proposed.getAsBoolean()) {
      Failure silence = new Failure.WrongShape("the answer is empty");
      return new Result.Failed<>(silence, course.end(silence.word()));
    }
    boolean truncated = failure != null;
    return new Result.Success<>(
        new ChatResult(text, truncated), course.end(truncated ? "truncated" : "answered"));
  }

  /**
   * Lets the model fill in a form; one of the wrong shape is asked for once more.
   *
   * @param prompt with {@link Prompt.OutputMode.StructuredOutput}
   */
  public Result<JsonNode> structuredOutput(Prompt prompt, Cancellation cancellation) {
    RunState course = new RunState();
    Turn turn = turn(prompt, course, null, cancellation);
    if (turn.failure() instanceof Failure.WrongShape(String why)) {
      Prompt.Item again =
          new Prompt.Item.Message(
              Prompt.Author.USER, "Your last answer could not be used: " + why + ". Again.");
      turn = turn(prompt.with(List.of(again)), course, null, cancellation);
    }
    Failure failure = turn.failure();
    if (failure == null && turn.form() == null) {
      failure = new Failure.WrongShape("there is no form");
    }
    if (failure != null || turn.form() == null) {
      Failure told = failure == null ? new Failure.Interrupted() : failure;
      return new Result.Failed<>(told, course.end(told.word()));
    }
    return new Result.Success<>(turn.form(), course.end("answered"));
  }

  /** What has happened in a run so far. */
  private final class RunState {
    private final long began = nanoTime.getAsLong();
    private final StringBuilder text = new StringBuilder();
    private Usage usage = Usage.NONE;
    private String answeredBy = "";
    private int turns;
    private int toolCalls;

    Duration left() {
      return timeout.minusNanos(nanoTime.getAsLong() - began);
    }

    Run end(String outcome) {
      Run run =
          new Run(
              turns,
              toolCalls,
              usage,
              answeredBy,
              Duration.ofNanos(nanoTime.getAsLong() - began),
              outcome);
      LOG.log(
          System.Logger.Level.INFO,
          "assistant ran",
          LogFields.of("outcome", outcome)
              .with("turns", turns)
              .with("tool_calls", toolCalls)
              .with("tokens_in", usage.input())
              .with("tokens_out", usage.output())
              .with("model", answeredBy)
              .with("latency_ms", run.latency().toMillis()));
      return run;
    }
  }

  private record Turn(
      List<ToolCall> calls,
      List<Prompt.Item> items,
      @Nullable JsonNode form,
      @Nullable Failure failure) {
    static Turn failed(Failure failure) {
      return new Turn(List.of(), List.of(), null, failure);
    }
  }

  private Turn turn(
      Prompt prompt, RunState course, @Nullable Consumer<String> words, Cancellation cancellation) {
    if (course.left().isNegative() || course.left().isZero()) {
      return Turn.failed(new Failure.DeadlineExceeded());
    }
    course.turns++;
    List<ToolCall> calls = new ArrayList<>();
    JsonNode form = null;
    try (Model.Answer answer = model.ask(prompt, course.left())) {
      cancellation.onCancel(answer::close);
      while (true) {
        switch (answer.next()) {
          case Model.Event.TextDelta(String text) -> {
            if (course.text.length() + text.length() > MAX_TEXT) {
              return Turn.failed(new Failure.TooLarge());
            }
            course.text.append(text);
            if (words != null) {
              words.accept(text);
            }
          }
          case Model.Event.FunctionCalled(ToolCall call) -> calls.add(call);
          case Model.Event.StructuredOutput(JsonNode filled) -> form = filled;
          case Model.Event.Finished(String by, Usage usage, List<Prompt.Item> items) -> {
            course.answeredBy = by;
            course.usage = course.usage.plus(usage);
            return new Turn(calls, items, form, null);
          }
          case Model.Event.Failed(Failure failure, Usage usage) -> {
            course.usage = course.usage.plus(usage);
            return Turn.failed(failure);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Turn.failed(new Failure.Cancelled());
    } finally {
      cancellation.onCancel(null);
    }
  }
}
