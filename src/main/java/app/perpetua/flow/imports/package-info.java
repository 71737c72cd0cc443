/** Imports of data from files of this and other programs. */
@NullMarked
package app.perpetua.flow.imports;

import org.jspecify.annotations.NullMarked;
