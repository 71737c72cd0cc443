/** What must hold when clients, networks and load misbehave, each caused for real. */
@NullMarked
package app.perpetua.flow.promise;

import org.jspecify.annotations.NullMarked;
