/** HTTP calls, shared by the adapters of all providers. */
@NullMarked
package app.perpetua.flow.provider;

import org.jspecify.annotations.NullMarked;
