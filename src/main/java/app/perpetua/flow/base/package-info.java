/** Types for all packages, independent of HTTP and SQL: refusals, ids, secrets, JSON, hashes. */
@NullMarked
package app.perpetua.flow.base;

import org.jspecify.annotations.NullMarked;
