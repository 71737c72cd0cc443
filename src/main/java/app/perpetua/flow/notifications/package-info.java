/** Notifications in the app, and by Web Push to subscribed browsers. */
@NullMarked
package app.perpetua.flow.notifications;

import org.jspecify.annotations.NullMarked;
