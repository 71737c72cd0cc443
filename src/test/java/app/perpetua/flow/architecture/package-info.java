/** The floors of the house and who may enter where, checked on the compiled classes. */
@NullMarked
package app.perpetua.flow.architecture;

import org.jspecify.annotations.NullMarked;
