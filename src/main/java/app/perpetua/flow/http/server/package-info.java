/** The HTTP listener on Helidon: filter, routing and protocol errors. */
@NullMarked
package app.perpetua.flow.http.server;

import org.jspecify.annotations.NullMarked;
