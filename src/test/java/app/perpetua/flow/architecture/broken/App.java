package app.perpetua.flow.architecture.broken;

/** The root of the service, which nothing may import. */
public class App {}
