package app.perpetua.flow.architecture.broken.account;

/** Keeps every rule; http imports it. */
public record Tokens() {}
