/** The architecture rules, checked on the compiled classes. */
@NullMarked
package app.perpetua.flow.architecture;

import org.jspecify.annotations.NullMarked;
