/** A proxy that understands PostgreSQL's messages and can fail at a chosen point of a commit. */
@NullMarked
package app.perpetua.flow.chaos.wire;

import org.jspecify.annotations.NullMarked;
