/** Requests, and the clients that send them. */
@NullMarked
package app.perpetua.flow.bench.load;

import org.jspecify.annotations.NullMarked;
