/** Work that happens later: kept in the same database as the change that asks for it. */
@NullMarked
package app.perpetua.flow.jobs;

import org.jspecify.annotations.NullMarked;
