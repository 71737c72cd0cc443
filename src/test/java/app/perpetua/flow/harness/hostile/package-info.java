/** Hostile input of every kind, shared by the tests and {@code ./fuzz}. */
@NullMarked
package app.perpetua.flow.harness.hostile;

import org.jspecify.annotations.NullMarked;
