-- The span of the request or job that enqueued the job (W3C Trace Context), so that the log lines and calls of both can be
-- related. Null if there is none, as for daily work and for jobs of earlier releases.
alter table ops.job_queue
  add column traceparent text,
  add constraint job_queue_traceparent_form check (traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$');
