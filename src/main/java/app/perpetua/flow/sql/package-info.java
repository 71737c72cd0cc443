/** Database access: named statements, transactions and the connection pool. */
@NullMarked
package app.perpetua.flow.sql;

import org.jspecify.annotations.NullMarked;
