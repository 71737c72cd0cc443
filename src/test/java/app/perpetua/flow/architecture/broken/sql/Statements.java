package app.perpetua.flow.architecture.broken.sql;

/** What only services should know. */
public class Statements {}
