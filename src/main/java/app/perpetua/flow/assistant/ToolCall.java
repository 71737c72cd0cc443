package app.perpetua.flow.assistant;

/**
 * A tool call by the model. Neither the name nor the arguments are validated.
 *
 * @param id identifies the call in its result
 */
public record ToolCall(String id, String name, String arguments) {
  @Override
  public String toString() {
    return "ToolCall[***]";
  }
}
