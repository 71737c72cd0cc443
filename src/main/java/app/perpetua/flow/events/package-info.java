/**
 * Events: their types, their activity entries, and listeners that run in the same transaction.
 * Features react to one another only through this package.
 */
@NullMarked
package app.perpetua.flow.events;

import org.jspecify.annotations.NullMarked;
