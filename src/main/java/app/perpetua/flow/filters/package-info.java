/** The filter language of tasks, and saved filters (docs/decisions/filter-language.md). */
@NullMarked
package app.perpetua.flow.filters;

import org.jspecify.annotations.NullMarked;
