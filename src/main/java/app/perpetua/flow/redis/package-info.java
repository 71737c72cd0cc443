/** State that the processes of the service share in Redis, as Lua scripts in {@code redis/}. */
@NullMarked
package app.perpetua.flow.redis;

import org.jspecify.annotations.NullMarked;
