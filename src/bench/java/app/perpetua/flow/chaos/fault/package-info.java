/** The service's processes and surroundings, and the faults that are injected into them. */
@NullMarked
package app.perpetua.flow.chaos.fault;

import org.jspecify.annotations.NullMarked;
