/** What every floor may use: refusals, ids, secrets, JSON. Knows neither HTTP nor SQL. */
@NullMarked
package app.perpetua.flow.base;

import org.jspecify.annotations.NullMarked;
