/** Readers of the files of this and other programs. They depend on no time, state or account. */
@NullMarked
package app.perpetua.flow.imports.readers;

import org.jspecify.annotations.NullMarked;
