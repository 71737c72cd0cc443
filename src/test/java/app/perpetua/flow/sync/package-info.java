/** Tests of synchronization. */
@NullMarked
package app.perpetua.flow.sync;

import org.jspecify.annotations.NullMarked;
