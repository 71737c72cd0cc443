package app.perpetua.flow.architecture.broken.base;

import app.perpetua.flow.architecture.broken.tasks.Tasks;

/** Imports from a layer above and has static state. */
class Low {
  static final ThreadLocal<Tasks> CURRENT = new ThreadLocal<>();
  static int calls;
}
