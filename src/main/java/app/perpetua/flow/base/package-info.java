/** Basics for all packages, independent of HTTP and SQL: refusals, ids, secrets, JSON. */
@NullMarked
package app.perpetua.flow.base;

import org.jspecify.annotations.NullMarked;
