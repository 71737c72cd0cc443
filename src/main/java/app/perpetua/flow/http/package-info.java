/** The request pipeline: routes, endpoints, idempotency, replies and errors. */
@NullMarked
package app.perpetua.flow.http;

import org.jspecify.annotations.NullMarked;
