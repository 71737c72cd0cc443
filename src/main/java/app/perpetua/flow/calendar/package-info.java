/** Calendar feeds: a user's tasks as iCalendar (RFC 5545), at secret addresses. */
@NullMarked
package app.perpetua.flow.calendar;

import org.jspecify.annotations.NullMarked;
