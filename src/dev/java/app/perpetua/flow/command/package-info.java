/** Command lines of the development commands: {@code ./dev}, {@code ./bench} and others. */
@NullMarked
package app.perpetua.flow.command;

import org.jspecify.annotations.NullMarked;
