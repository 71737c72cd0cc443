/** Reads tasks from one line of text in words. */
@NullMarked
package app.perpetua.flow.quickadd.parser;

import org.jspecify.annotations.NullMarked;
