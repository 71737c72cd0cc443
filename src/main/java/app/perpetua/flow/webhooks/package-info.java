/** Webhooks to the endpoints of users (Standard Webhooks). */
@NullMarked
package app.perpetua.flow.webhooks;

import org.jspecify.annotations.NullMarked;
