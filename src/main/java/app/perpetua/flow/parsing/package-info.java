/** Parsing and validation of JSON bodies and query parameters. */
@NullMarked
package app.perpetua.flow.parsing;

import org.jspecify.annotations.NullMarked;
