package app.perpetua.flow.sql;

/**
 * The part of a list that a request selects (FR-060).
 *
 * @param offset number of items to skip, 0 or more
 * @param limit maximum number of items, 1 or more
 */
public record PageRequest(int offset, int limit) {}
