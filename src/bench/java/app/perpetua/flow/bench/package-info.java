/** {@code ./bench}: the packaged service and pgbench, side by side on one database. */
@NullMarked
package app.perpetua.flow.bench;

import org.jspecify.annotations.NullMarked;
