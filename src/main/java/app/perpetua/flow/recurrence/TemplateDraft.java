package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.tasks.TaskDraft;

/**
 * A template to create.
 *
 * @param fields without days
 */
public record TemplateDraft(TaskDraft fields, Rrule rule, Timing timing) {
  /**
   * Reads the rule.
   *
   * @throws Refusal {@code VALIDATION_ERROR} if it is none that a template can have
   */
  public static TemplateDraft of(TaskDraft fields, String rrule, Timing timing) {
    return switch (RruleParser.parse(rrule)) {
      case Rrule.Parsed.Valid(Rrule rule) -> new TemplateDraft(fields, rule, timing);
      case Rrule.Parsed.Invalid(String reason) -> throw Refusal.invalid("rrule", reason);
    };
  }
}
