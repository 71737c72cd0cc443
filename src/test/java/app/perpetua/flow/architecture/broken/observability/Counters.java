package app.perpetua.flow.architecture.broken.observability;

/** Keeps every rule. */
public class Counters {}
