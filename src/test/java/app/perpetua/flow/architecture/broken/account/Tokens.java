package app.perpetua.flow.architecture.broken.account;

/** Keeps every rule; is imported from http. */
public record Tokens() {}
