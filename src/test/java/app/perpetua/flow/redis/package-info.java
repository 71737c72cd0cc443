/** Tests of the connection to Redis. */
@NullMarked
package app.perpetua.flow.redis;

import org.jspecify.annotations.NullMarked;
