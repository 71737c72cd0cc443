package app.perpetua.flow.sql;

import java.util.List;

/**
 * The result of a left join from one row to several.
 *
 * @param one mapped from the columns that are the same in every row
 * @param many mapped from the joined rows; empty if there are none
 */
public record OneToMany<A, B>(A one, List<B> many) {}
