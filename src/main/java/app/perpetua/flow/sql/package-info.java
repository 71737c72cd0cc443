/** The unit of work and the named statements. */
@NullMarked
package app.perpetua.flow.sql;

import org.jspecify.annotations.NullMarked;
