package app.perpetua.flow.assistant;

import java.time.Duration;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The port to a language model. Thread-safe. */
public interface Model {
  /**
   * Asks for one turn. Returns at once: nothing is sent before the answer is first read, so that
   * whoever may have to stop it holds it by then. Never read it inside a transaction.
   *
   * @param within for all of it from now on, retries included
   */
  Answer ask(Prompt prompt, Duration within);

  /** One turn as it comes. One thread reads it, any may close it. */
  interface Answer extends AutoCloseable {
    /**
     * Waits for what comes next. {@link Event.Finished} or {@link Event.Failed} is the last, and
     * comes again whenever asked for. Words come as they are said, at least one character at a
     * time; calls and the form only once the turn is complete.
     */
    Event next() throws InterruptedException;

    /**
     * Stops the turn if it is not over yet: the provider's side is hung up on, and whoever reads
     * gets {@link Failure.Cancelled}. Never blocks; may be called often, and from any thread.
     */
    @Override
    void close();
  }

  /**
   * What happens in a turn. No text in it has NUL or unpaired surrogates, except within {@link
   * StructuredOutput}.
   */
  sealed interface Event {
    /** More of what the model says. */
    record TextDelta(String text) implements Event {}

    /** A tool is to be called; its name and arguments are the model's word, checked by nobody. */
    record FunctionCalled(ToolCall call) implements Event {}

    /**
     * The form that {@link Prompt.OutputMode.StructuredOutput} asked for; it has the form's shape.
     */
    record StructuredOutput(JsonNode form) implements Event {}

    /**
     * The turn is complete.
     *
     * @param model who answered, as the provider names it
     * @param items the turn itself, to be handed back with the tools' results
     */
    record Finished(String model, Usage usage, List<Prompt.Item> items) implements Event {}

    /**
     * There will be no more.
     *
     * @param usage what it has cost as far as the provider says
     */
    record Failed(Failure failure, Usage usage) implements Event {}
  }

  /** Tokens of one turn or several. */
  record Usage(long input, long output) {
    /** None, or not known. */
    public static final Usage NONE = new Usage(0, 0);

    /** Both together. */
    public Usage plus(Usage other) {
      return new Usage(input + other.input, output + other.output);
    }
  }
}
