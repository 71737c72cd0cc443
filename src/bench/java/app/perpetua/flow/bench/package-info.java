/** {@code ./bench}: compares the packaged service with pgbench, on one database. */
@NullMarked
package app.perpetua.flow.bench;

import org.jspecify.annotations.NullMarked;
