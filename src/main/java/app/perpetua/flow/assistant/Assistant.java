package app.perpetua.flow.assistant;

import app.perpetua.flow.assistant.Model.Usage;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.LogFields;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The agent loop: calls the model, runs the tools it calls, and calls it again with their results,
 * within a bounded number of turns and a deadline. Must not run inside a transaction. Thread-safe.
 */
final class Assistant {
  private static final System.Logger LOG = System.getLogger(Assistant.class.getName());
  private static final int MAX_TURNS = 5;
  private static final int MAX_CALLS = 20;

  /** Characters; far above what the requested number of tokens can hold. */
  private static final int MAX_TEXT = 100_000;

  /**
   * @param truncated true if the model call failed after its first text
   * @param proposals of the tool calls
   */
  record ChatResult(String text, boolean truncated, List<Proposal> proposals) {}

  private final Model model;
  private final Duration timeout;
  private final LongSupplier nanoTime;

  /**
   * @param timeout of a whole run, all turns included
   * @param nanoTime {@code System::nanoTime}
   */
  Assistant(Model model, Duration timeout, LongSupplier nanoTime) {
    this.model = model;
    this.timeout = timeout;
    this.nanoTime = nanoTime;
  }

  /**
   * Runs a chat with tool calls. An answer without text is usable if there are proposals.
   *
   * @param prompt with {@link Prompt.OutputMode.Chat}
   * @param onText receives text as it arrives; null for a complete answer only, so that a truncated
   *     one is a failure
   */
  Result<ChatResult> chat(
      Prompt prompt,
      Toolbox toolbox,
      @Nullable Consumer<String> onText,
      Cancellation cancellation) {
    RunState state = new RunState();
    Prompt next = prompt;
    Failure failure = null;
    boolean hasMoreTurns = true;
    while (hasMoreTurns) {
      Turn turn = turn(next, state, onText, cancellation);
      failure = turn.failure();
      hasMoreTurns = failure == null && !turn.calls().isEmpty() && state.turns < MAX_TURNS;
      List<Prompt.Item> items = new ArrayList<>(turn.items());
      for (ToolCall call : failure == null ? turn.calls() : List.<ToolCall>of()) {
        state.toolCalls++;
        items.add(
            new Prompt.Item.FunctionResult(
                call.id(), state.toolCalls > MAX_CALLS ? "Too many calls." : toolbox.call(call)));
      }
      next = next.with(items);
    }
    String text = state.text.toString();
    boolean isStreamed = onText != null && !text.isEmpty();
    if (failure != null && !isStreamed) {
      return state.failed(failure);
    }
    if (text.isBlank() && toolbox.proposals().isEmpty()) {
      return state.failed(new Failure.WrongShape("the answer is empty"));
    }
    boolean truncated = failure != null;
    return state.succeeded(
        new ChatResult(text, truncated, toolbox.proposals()), truncated ? "truncated" : "answered");
  }

  /**
   * Requests structured output; retries once if it does not match the schema.
   *
   * @param prompt with {@link Prompt.OutputMode.StructuredOutput}
   */
  Result<JsonNode> structuredOutput(Prompt prompt, Cancellation cancellation) {
    RunState state = new RunState();
    Turn turn = turn(prompt, state, null, cancellation);
    if (turn.failure() instanceof Failure.WrongShape(String why)) {
      Prompt.Item correction =
          new Prompt.Item.Message(
              Prompt.Author.USER, "Your last answer could not be used: " + why + ". Again.");
      turn = turn(prompt.with(List.of(correction)), state, null, cancellation);
    }
    JsonNode output = turn.output();
    if (turn.failure() != null) {
      return state.failed(turn.failure());
    }
    return output == null
        ? state.failed(new Failure.WrongShape("there is no structured output"))
        : state.succeeded(output, "answered");
  }

  private final class RunState {
    private final long startNanos = nanoTime.getAsLong();
    private final StringBuilder text = new StringBuilder();
    private Usage usage = Usage.NONE;
    private String servedBy = "";
    private int turns;
    private int toolCalls;

    Duration elapsed() {
      return Duration.ofNanos(nanoTime.getAsLong() - startNanos);
    }

    <T> Result<T> succeeded(T value, String outcome) {
      log(outcome);
      return new Result.Success<>(value, servedBy, usage);
    }

    <T> Result<T> failed(Failure failure) {
      log(failure.label());
      return new Result.Failed<>(failure);
    }

    private void log(String outcome) {
      LOG.log(
          System.Logger.Level.INFO,
          "assistant ran",
          LogFields.of("outcome", outcome)
              .with("turns", turns)
              .with("tool_calls", toolCalls)
              .with("tokens_in", usage.input())
              .with("tokens_out", usage.output())
              .with("model", servedBy)
              .with("latency_ms", elapsed().toMillis()));
    }
  }

  private record Turn(
      List<ToolCall> calls,
      List<Prompt.Item> items,
      @Nullable JsonNode output,
      @Nullable Failure failure) {
    static Turn failed(Failure failure) {
      return new Turn(List.of(), List.of(), null, failure);
    }
  }

  private Turn turn(
      Prompt prompt, RunState state, @Nullable Consumer<String> onText, Cancellation cancellation) {
    Duration remaining = timeout.minus(state.elapsed());
    if (!remaining.isPositive()) {
      return Turn.failed(new Failure.DeadlineExceeded());
    }
    state.turns++;
    List<ToolCall> calls = new ArrayList<>();
    JsonNode output = null;
    try (Model.Answer answer = model.stream(prompt, remaining)) {
      cancellation.onCancel(answer::close);
      while (true) {
        switch (answer.next()) {
          case Model.Event.TextDelta(String text) -> {
            if (state.text.length() + text.length() > MAX_TEXT) {
              return Turn.failed(new Failure.TooLarge());
            }
            state.text.append(text);
            if (onText != null) {
              onText.accept(text);
            }
          }
          case Model.Event.FunctionCalled(ToolCall call) -> calls.add(call);
          case Model.Event.StructuredOutput(JsonNode value) -> output = value;
          case Model.Event.Finished(String servedBy, Usage usage, List<Prompt.Item> items) -> {
            state.servedBy = servedBy;
            state.usage = state.usage.plus(usage);
            return new Turn(calls, items, output, null);
          }
          case Model.Event.Failed(Failure failure, Usage usage) -> {
            state.usage = state.usage.plus(usage);
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
