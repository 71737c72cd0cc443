/** What the tests stand on: a database, a clock, a client that keeps to the contract. */
@NullMarked
package app.perpetua.flow.harness;

import org.jspecify.annotations.NullMarked;
