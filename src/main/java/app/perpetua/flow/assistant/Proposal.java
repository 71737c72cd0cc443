package app.perpetua.flow.assistant;

/**
 * An action proposed by the model, whose fields are valid.
 *
 * @param description one line for the user, not written by the model
 */
record Proposal(Action action, String description) {
  /**
   * @param taskTitle title of the task to be changed; unused if one is to be created
   */
  static Proposal of(Action action, String taskTitle) {
    String description =
        switch (action) {
          case Action.CreateTask create -> "Create the task “" + create.draft().title() + "”";
          case Action.UpdateTask _ -> "Change the task “" + taskTitle + "”";
          case Action.CompleteTask _ -> "Complete the task “" + taskTitle + "”";
          case Action.CreateSubtasks create ->
              "Add " + create.titles().size() + " subtasks to “" + taskTitle + "”";
          case Action.ConvertNote convert ->
              "Create the task “" + convert.draft().title() + "” from the note";
        };
    return new Proposal(action, description);
  }
}
