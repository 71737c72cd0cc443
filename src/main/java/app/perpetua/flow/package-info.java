/** Entry, configuration and composition of the service. */
@NullMarked
package app.perpetua.flow;

import org.jspecify.annotations.NullMarked;
