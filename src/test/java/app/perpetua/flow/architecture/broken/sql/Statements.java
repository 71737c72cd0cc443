package app.perpetua.flow.architecture.broken.sql;

/** For services only. */
public class Statements {}
