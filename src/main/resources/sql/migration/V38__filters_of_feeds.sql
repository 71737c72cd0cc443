-- Filters of calendar feeds and webhooks. docs/decisions/filter-language.md

alter table tasks.calendar_feeds
  -- only tasks that match; in the filter language; null: all
  add column filter text,
  -- as filter, of a saved filter. No foreign key, as with template_id: after the filter was deleted the feed must show nothing,
  -- not everything, and if the deletion is undone, what it showed before
  add column filter_id uuid,
  add constraint calendar_feeds_filter_length check (char_length(filter) between 1 and 1000),
  add constraint calendar_feeds_one_selection check (
    num_nonnulls(filter, filter_id) <= 1
    and (num_nonnulls(filter, filter_id) = 0 or num_nonnulls(priority, template_id) = 0));

alter table activity.webhook_endpoints
  -- only changes of tasks that match; in the filter language; null: all
  add column filter text,
  add constraint webhook_endpoints_filter_length check (char_length(filter) between 1 and 1000);
