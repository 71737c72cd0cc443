package app.perpetua.flow.assistant;

/**
 * A tool that the model wants called.
 *
 * @param id ties the result to it
 * @param name perhaps of no tool that there is
 * @param arguments meant to be JSON
 */
public record ToolCall(String id, String name, String arguments) {
  @Override
  public String toString() {
    return "ToolCall[***]";
  }
}
