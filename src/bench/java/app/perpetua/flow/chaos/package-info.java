/** {@code ./chaos}: faults under load, and the check that nothing was lost or done twice. */
@NullMarked
package app.perpetua.flow.chaos;

import org.jspecify.annotations.NullMarked;
