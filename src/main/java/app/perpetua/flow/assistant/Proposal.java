package app.perpetua.flow.assistant;

/**
 * An action that the model proposed, valid as far as its form goes.
 *
 * @param description what it would do, in a line for the user; ours, not the model's
 */
public record Proposal(Action action, String description) {}
