/** The test harness: a database, a clock, a client that validates against the contract. */
@NullMarked
package app.perpetua.flow.harness;

import org.jspecify.annotations.NullMarked;
