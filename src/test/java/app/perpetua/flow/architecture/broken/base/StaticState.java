package app.perpetua.flow.architecture.broken.base;

/** Has a static field that is not final. */
class StaticState {
  static int calls;
}
