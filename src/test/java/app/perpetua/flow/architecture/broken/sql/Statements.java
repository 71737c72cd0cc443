package app.perpetua.flow.architecture.broken.sql;

/** A class that providers must not use. */
public class Statements {}
