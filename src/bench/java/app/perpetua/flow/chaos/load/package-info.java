/** People who use the service, what they were answered, and what must be stored then. */
@NullMarked
package app.perpetua.flow.chaos.load;

import org.jspecify.annotations.NullMarked;
