/**
 * The dev server's control port: its HTTP calls, which drive the service, the clock and the
 * provider fakes, and the console. Not in the JAR.
 */
@NullMarked
package app.perpetua.flow.dev.control;

import org.jspecify.annotations.NullMarked;
