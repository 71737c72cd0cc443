package app.perpetua.flow.assistant;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * What a model is asked in one turn. Prints nothing of it: most of it is the user's. Immutable.
 *
 * @param instructions ours
 * @param input the conversation so far, oldest first
 * @param aim what the turn is to bring
 * @param maxOutputTokens where the provider stops the model
 * @param safetyIdentifier stands for the user towards the provider: a hash, the same every time
 */
public record Prompt(
    String instructions,
    List<Item> input,
    OutputMode aim,
    int maxOutputTokens,
    String safetyIdentifier) {
  /** Copies the input. */
  public Prompt {
    input = List.copyOf(input);
  }

  /** Who says something. */
  public enum Author {
    USER,
    ASSISTANT
  }

  /** A piece of the conversation. */
  public sealed interface Item {
    /** Somebody says something. */
    record Message(Author by, String text) implements Item {}

    /** The model has called a tool. */
    record FunctionCall(ToolCall call) implements Item {}

    /**
     * What came of it.
     *
     * @param id the call's
     * @param output for the model to read, a failure as well
     */
    record FunctionResult(String id, String output) implements Item {}
  }

  /** What the turn is to bring. */
  public sealed interface OutputMode {
    /**
     * Words, or calls of these tools, or both.
     *
     * @param tools none will do
     */
    record Chat(List<Tool> tools) implements OutputMode {}

    /**
     * Nothing but a form, filled in: structured output.
     *
     * @param form its name, what it is for, and its shape
     */
    record StructuredOutput(Tool form) implements OutputMode {}
  }

  /**
   * A tool, or a form.
   *
   * @param name letters, digits, underscores and hyphens, 64 at most
   * @param description tells the model what it is for
   * @param parameters the shape of its arguments
   */
  public record Tool(String name, String description, Schema.ObjectSchema parameters) {}

  /** The same after more of the conversation. */
  public Prompt with(Collection<? extends Item> more) {
    List<Item> all = new ArrayList<>(input);
    all.addAll(more);
    return new Prompt(instructions, all, aim, maxOutputTokens, safetyIdentifier);
  }

  @Override
  public String toString() {
    return "Prompt[***]";
  }
}
