/** Processes of the packaged JAR and of PostgreSQL, which can be killed and frozen. */
@NullMarked
package app.perpetua.flow.harness.process;

import org.jspecify.annotations.NullMarked;
