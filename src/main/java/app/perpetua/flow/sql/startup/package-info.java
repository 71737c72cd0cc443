/** What a start needs of its database: to wait for it, check it and migrate it. */
@NullMarked
package app.perpetua.flow.sql.startup;

import org.jspecify.annotations.NullMarked;
