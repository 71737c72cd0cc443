/** The service under hostile clients, bad networks and load. */
@NullMarked
package app.perpetua.flow.robustness;

import org.jspecify.annotations.NullMarked;
