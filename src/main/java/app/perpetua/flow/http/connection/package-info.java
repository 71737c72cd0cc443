/** Client connections: deadlines, limits, addresses and request bodies. */
@NullMarked
package app.perpetua.flow.http.connection;

import org.jspecify.annotations.NullMarked;
