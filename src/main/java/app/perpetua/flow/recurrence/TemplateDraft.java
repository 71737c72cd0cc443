package app.perpetua.flow.recurrence;

import app.perpetua.flow.tasks.TaskDraft;

/**
 * A template to create.
 *
 * @param fields without days
 */
record TemplateDraft(TaskDraft fields, Rrule rule, Timing timing) {}
