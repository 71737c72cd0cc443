package app.perpetua.flow.architecture.broken.base;

import app.perpetua.flow.architecture.broken.tasks.Tasks;

/** Reaches up, and keeps state where everybody shares it. */
class Low {
  static final ThreadLocal<Tasks> CURRENT = new ThreadLocal<>();
  static int calls;
}
