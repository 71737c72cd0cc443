/** The activity log as users read it. */
@NullMarked
package app.perpetua.flow.activity;

import org.jspecify.annotations.NullMarked;
