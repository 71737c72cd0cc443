/** The user stories, each walked from its beginning to its end through the public interface. */
@NullMarked
package app.perpetua.flow.story;

import org.jspecify.annotations.NullMarked;
