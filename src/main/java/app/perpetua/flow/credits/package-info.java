/** Credits: grants, the ledger and reservations. */
@NullMarked
package app.perpetua.flow.credits;

import org.jspecify.annotations.NullMarked;
