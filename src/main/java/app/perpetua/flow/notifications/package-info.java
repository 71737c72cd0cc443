/** What a user is told: in the app, and by push to the browsers that asked for it. */
@NullMarked
package app.perpetua.flow.notifications;

import org.jspecify.annotations.NullMarked;
