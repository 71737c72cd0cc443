package app.perpetua.flow.assistant;

/**
 * A tool call by the model, not validated.
 *
 * @param id refers a result to its call
 * @param name may be of no existing tool
 * @param arguments should be JSON
 */
public record ToolCall(String id, String name, String arguments) {
  @Override
  public String toString() {
    return "ToolCall[***]";
  }
}
