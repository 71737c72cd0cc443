/** The processes that the benchmark starts, and their measurement. */
@NullMarked
package app.perpetua.flow.bench.process;

import org.jspecify.annotations.NullMarked;
