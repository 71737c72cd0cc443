package app.perpetua.flow.assistant;

import java.time.Duration;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The port to a language model. Thread-safe. */
public interface Model {
  /**
   * Starts one turn. Returns at once and sends nothing before the first read, so that the caller
   * can close the answer at any time. Must not be read inside a transaction.
   *
   * @param timeout from now to the end of the turn, retries included
   */
  Answer stream(Prompt prompt, Duration timeout);

  /** The events of one turn. One thread reads; any thread may close. */
  interface Answer extends AutoCloseable {
    /**
     * Waits for the next event. The last one is {@link Event.Finished} or {@link Event.Failed} and
     * is returned again by later calls. Text arrives as the model generates it; function calls and
     * structured output only when the turn is complete.
     */
    Event next() throws InterruptedException;

    /**
     * Cancels the turn if it has not ended: closes the connection, and the reader gets {@link
     * Failure.Cancelled}. Idempotent; never blocks.
     */
    @Override
    void close();
  }

  /**
   * An event of a turn. Its texts contain neither NUL nor unpaired surrogates, except within {@link
   * StructuredOutput}.
   */
  sealed interface Event {
    /** The next part of the text, at least one character. */
    record TextDelta(String text) implements Event {}

    /** A tool call; its name and arguments are not validated. */
    record FunctionCalled(ToolCall call) implements Event {}

    /** The output that {@link Prompt.OutputMode.StructuredOutput} requested; matches its schema. */
    record StructuredOutput(JsonNode value) implements Event {}

    /**
     * The turn is complete.
     *
     * @param model as the provider reports it
     * @param items the turn's messages and function calls, to be sent back with the results
     */
    record Finished(String model, Usage usage, List<Prompt.Item> items) implements Event {}

    /** The turn failed; the usage is zero if the provider does not report it. */
    record Failed(Failure failure, Usage usage) implements Event {}
  }

  /** Tokens of one or more turns. */
  record Usage(long input, long output) {
    /** No tokens, or an unknown number. */
    public static final Usage NONE = new Usage(0, 0);

    public Usage plus(Usage other) {
      return new Usage(input + other.input, output + other.output);
    }
  }
}
