package app.perpetua.flow.architecture.broken.base;

/** Uses a thread-local. */
class ThreadLocalState {
  static final ThreadLocal<String> CURRENT = new ThreadLocal<>();
}
