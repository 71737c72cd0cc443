/** Database access: named statements and transactions. */
@NullMarked
package app.perpetua.flow.sql;

import org.jspecify.annotations.NullMarked;
