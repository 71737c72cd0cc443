/** The interface between a feature and the service that runs it. */
@NullMarked
package app.perpetua.flow.module;

import org.jspecify.annotations.NullMarked;
