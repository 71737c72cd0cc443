/**
 * The Model Context Protocol: lets a user's agents work with their tasks (FR-159 to FR-165). Its
 * tools execute the operations of the contract, so it has no rules of its own.
 */
@NullMarked
package app.perpetua.flow.mcp;

import org.jspecify.annotations.NullMarked;
