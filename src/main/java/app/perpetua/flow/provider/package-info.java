/** What the adapters of all providers share. */
@NullMarked
package app.perpetua.flow.provider;

import org.jspecify.annotations.NullMarked;
