package app.perpetua.flow.assistant;

import app.perpetua.flow.base.WireName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The input of one turn of the model. {@link #toString} omits everything, as most of it is the
 * user's text. Immutable.
 *
 * @param input the conversation so far, oldest first
 * @param safetyIdentifier identifies the user to the provider: a stable hash
 */
public record Prompt(
    String instructions,
    List<Item> input,
    OutputMode outputMode,
    int maxOutputTokens,
    String safetyIdentifier) {
  public Prompt {
    input = List.copyOf(input);
  }

  public enum Author implements WireName {
    USER,
    ASSISTANT
  }

  public sealed interface Item {
    record Message(Author author, String text) implements Item {}

    record FunctionCall(ToolCall call) implements Item {}

    /** The output is for the model to read; it describes a failure as well. */
    record FunctionResult(String callId, String output) implements Item {}
  }

  public sealed interface OutputMode {
    /** Text, calls of these tools, or both. */
    record Chat(List<Tool> tools) implements OutputMode {}

    /** JSON that matches the parameters of the function. */
    record StructuredOutput(Tool function) implements OutputMode {}
  }

  /**
   * A function that the model may call.
   *
   * @param name at most 64 letters, digits, underscores and hyphens
   * @param description for the model
   */
  public record Tool(String name, String description, Schema.ObjectSchema parameters) {}

  /** A copy with items appended to the conversation. */
  public Prompt with(Collection<? extends Item> more) {
    List<Item> all = new ArrayList<>(input);
    all.addAll(more);
    return new Prompt(instructions, all, outputMode, maxOutputTokens, safetyIdentifier);
  }

  @Override
  public String toString() {
    return "Prompt[***]";
  }
}
