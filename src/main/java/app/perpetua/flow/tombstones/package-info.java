/** What is kept of a deletion, so that it can be undone. */
@NullMarked
package app.perpetua.flow.tombstones;

import org.jspecify.annotations.NullMarked;
