/** Database access: named statements, transactions, the connection pool and migrations. */
@NullMarked
package app.perpetua.flow.sql;

import org.jspecify.annotations.NullMarked;
