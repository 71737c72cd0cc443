package app.perpetua.flow.assistant;

/**
 * An action proposed by the model, whose fields are valid.
 *
 * @param description one line for the user, not written by the model
 */
public record Proposal(Action action, String description) {}
