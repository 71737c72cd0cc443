/** Clients and provider of live voice sessions. */
@NullMarked
package app.perpetua.flow.bench.voice;

import org.jspecify.annotations.NullMarked;
