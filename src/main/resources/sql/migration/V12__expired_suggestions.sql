-- cleanup deletes expired suggestions in the order in which they expired
create index ai_suggestions_expired on activity.ai_suggestions (expires_at) where status = 'expired';
