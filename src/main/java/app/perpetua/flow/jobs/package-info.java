/** A job queue in PostgreSQL: jobs commit with the change that enqueues them. */
@NullMarked
package app.perpetua.flow.jobs;

import org.jspecify.annotations.NullMarked;
