/** Connections to the database: address, pool, time limits, probe and notifications. */
@NullMarked
package app.perpetua.flow.sql.connection;

import org.jspecify.annotations.NullMarked;
