/** The packaged JAR as processes: started, killed, stopped, misconfigured. */
@NullMarked
package app.perpetua.flow.system;

import org.jspecify.annotations.NullMarked;
