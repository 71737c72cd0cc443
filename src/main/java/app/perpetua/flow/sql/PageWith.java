package app.perpetua.flow.sql;

/**
 * One page of a list and what the statement returns beside its rows.
 *
 * @param beside the columns that are the same in every row
 */
public record PageWith<A, T>(Page<T> page, A beside) {}
