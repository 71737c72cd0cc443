/** The cost of requests beside years of data. */
@NullMarked
package app.perpetua.flow.bench.scale;

import org.jspecify.annotations.NullMarked;
