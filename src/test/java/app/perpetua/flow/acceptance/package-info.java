/** The user stories, each from start to end through the public interface. */
@NullMarked
package app.perpetua.flow.acceptance;

import org.jspecify.annotations.NullMarked;
