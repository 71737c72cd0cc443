/**
 * Comparison of four operations with the same on FastAPI and Fastify, which src/bench/peers has.
 */
@NullMarked
package app.perpetua.flow.bench.peers;

import org.jspecify.annotations.NullMarked;
