/** The assistant, and its port to a language model. */
@NullMarked
package app.perpetua.flow.assistant;

import org.jspecify.annotations.NullMarked;
