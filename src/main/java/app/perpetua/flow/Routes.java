package app.perpetua.flow;

import static app.perpetua.flow.http.Route.Bucket.AI;
import static app.perpetua.flow.http.Route.Bucket.GENERAL;
import static app.perpetua.flow.http.Route.Streams.ALWAYS;
import static app.perpetua.flow.http.Route.Streams.IF_ACCEPTED;
import static app.perpetua.flow.http.Route.Streams.NEVER;
import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.Verb.PUT;
import static app.perpetua.flow.http.Route.auth;
import static app.perpetua.flow.http.Route.plain;
import static app.perpetua.flow.http.Route.probe;
import static app.perpetua.flow.http.Route.providerCall;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.socket;
import static app.perpetua.flow.http.Route.webhook;
import static app.perpetua.flow.http.Route.write;

import app.perpetua.flow.account.AccountRoutes;
import app.perpetua.flow.achievements.AchievementRoutes;
import app.perpetua.flow.activity.ActivityRoutes;
import app.perpetua.flow.assistant.AssistantRoutes;
import app.perpetua.flow.billing.BillingRoutes;
import app.perpetua.flow.credits.CreditRoutes;
import app.perpetua.flow.focus.FocusRoutes;
import app.perpetua.flow.http.Docs;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.notes.NoteRoutes;
import app.perpetua.flow.notifications.NotificationRoutes;
import app.perpetua.flow.notifications.PushRoutes;
import app.perpetua.flow.observability.Health;
import app.perpetua.flow.observability.MetricsRoutes;
import app.perpetua.flow.recovery.RecoveryRoutes;
import app.perpetua.flow.recurrence.TemplateRoutes;
import app.perpetua.flow.reminders.ReminderRoutes;
import app.perpetua.flow.tasks.SubtaskRoutes;
import app.perpetua.flow.tasks.TaskRoutes;
import app.perpetua.flow.voice.TranscriptionRoutes;
import app.perpetua.flow.voice.VoiceRoutes;
import java.util.List;

/** Every endpoint of the service, one a line. */
final class Routes {
  /** The one WebSocket; as an ordinary request it is answered with what is wrong with it. */
  static final String VOICE_SOCKET = "/api/v1/ws/voice/transcribe";

  private Routes() {}

  /** What every role answers: probes and scrapes. */
  static List<Route> operations(Health health, MetricsRoutes metrics) {
    return List.of(
        probe("/health/live", health::live),
        probe("/health/ready", health::ready),
        probe("/api/v1/health/live", health::live),
        probe("/api/v1/health/ready", health::ready),
        plain("/metrics", metrics::scrape));
  }

  /** What the roles api and all answer. */
  static List<Route> api(
      Docs docs,
      AccountRoutes account,
      TaskRoutes tasks,
      SubtaskRoutes subtasks,
      TemplateRoutes templates,
      ReminderRoutes reminders,
      NoteRoutes notes,
      RecoveryRoutes recovery,
      FocusRoutes focus,
      CreditRoutes credits,
      AssistantRoutes assistant,
      AchievementRoutes achievements,
      ActivityRoutes activity,
      NotificationRoutes notifications,
      PushRoutes push,
      BillingRoutes billing,
      VoiceRoutes voice,
      TranscriptionRoutes transcriptions) {
    return List.of(
        plain("/api/v1/openapi.yaml", docs::yaml),
        plain("/api/v1/openapi.json", docs::json),
        plain("/api/v1/docs", docs::page),
        plain("/api/v1/docs/init.js", docs::init),
        plain("/api/v1/docs/swagger-ui-bundle.js", docs::script),
        plain("/api/v1/docs/swagger-ui.css", docs::style),
        plain("/api/v1/.well-known/jwks.json", account::keys),
        auth("/api/v1/auth/google/callback", account::signIn),
        auth("/api/v1/auth/refresh", account::refresh),
        auth("/api/v1/auth/logout", account::logout),
        read("/api/v1/users/me", account::me),
        write(PATCH, "/api/v1/users/me", account::update),
        write(DELETE, "/api/v1/users/me", account::delete),
        read("/api/v1/users/me/export", account::export),
        read("/api/v1/tasks", tasks::list),
        write(POST, "/api/v1/tasks", tasks::create),
        read("/api/v1/tasks/{id}", tasks::show),
        write(PATCH, "/api/v1/tasks/{id}", tasks::patch),
        write(PUT, "/api/v1/tasks/{id}", tasks::patch),
        write(DELETE, "/api/v1/tasks/{id}", tasks::delete),
        write(POST, "/api/v1/tasks/{id}/force-complete", tasks::forceComplete),
        read("/api/v1/tasks/{id}/subtasks", subtasks::list),
        write(POST, "/api/v1/tasks/{id}/subtasks", subtasks::create),
        write(PUT, "/api/v1/tasks/{id}/subtasks/reorder", subtasks::reorder),
        write(PATCH, "/api/v1/subtasks/{id}", subtasks::patch),
        write(PUT, "/api/v1/subtasks/{id}", subtasks::patch),
        write(DELETE, "/api/v1/subtasks/{id}", subtasks::delete),
        read("/api/v1/templates", templates::list),
        write(POST, "/api/v1/templates", templates::create),
        write(POST, "/api/v1/templates/preview", templates::tryOut),
        read("/api/v1/templates/{id}", templates::show),
        write(PATCH, "/api/v1/templates/{id}", templates::patch),
        write(DELETE, "/api/v1/templates/{id}", templates::delete),
        read("/api/v1/templates/{id}/preview", templates::preview),
        read("/api/v1/tasks/{id}/reminders", reminders::listOfTask),
        write(POST, "/api/v1/tasks/{id}/reminders", reminders::create),
        read("/api/v1/reminders", reminders::list),
        write(POST, "/api/v1/reminders", reminders::createWithTaskId),
        read("/api/v1/reminders/{id}", reminders::show),
        write(PATCH, "/api/v1/reminders/{id}", reminders::patch),
        write(DELETE, "/api/v1/reminders/{id}", reminders::delete),
        read("/api/v1/notes", notes::list),
        write(POST, "/api/v1/notes", notes::create),
        read("/api/v1/notes/{id}", notes::show),
        write(PATCH, "/api/v1/notes/{id}", notes::patch),
        write(DELETE, "/api/v1/notes/{id}", notes::delete),
        read("/api/v1/recovery/tombstones", recovery::list),
        write(POST, "/api/v1/recovery/tombstones/{id}/recover", recovery::recover),
        write(POST, "/api/v1/tasks/recover/{tombstone_id}", recovery::recoverTask),
        write(POST, "/api/v1/focus/start", focus::start),
        write(POST, "/api/v1/focus/end", focus::end),
        read("/api/v1/focus/active", focus::active),
        read("/api/v1/credits/balance", credits::balance),
        read("/api/v1/credits/history", credits::history),
        read("/api/v1/ai/credits", credits::forAssistant),
        providerCall("/api/v1/ai/chat", AI, IF_ACCEPTED, assistant::chat),
        providerCall("/api/v1/ai/chat/stream", AI, ALWAYS, assistant::chat)
            .sharingKeysWith("/api/v1/ai/chat"),
        providerCall("/api/v1/ai/generate-subtasks", AI, NEVER, assistant::subtasks),
        providerCall("/api/v1/notes/{id}/convert", AI, NEVER, assistant::convert),
        write(POST, "/api/v1/ai/confirm-action", assistant::confirm),
        read("/api/v1/achievements", achievements::list),
        read("/api/v1/achievements/me", achievements::mine),
        read("/api/v1/activity", activity::list),
        read("/api/v1/notifications", notifications::list),
        write(PATCH, "/api/v1/notifications/{id}/read", notifications::markRead),
        write(POST, "/api/v1/notifications/read-all", notifications::markAllRead),
        write(DELETE, "/api/v1/notifications/{id}", notifications::delete),
        read("/api/v1/notifications/push-key", push::key),
        write(POST, "/api/v1/notifications/push-subscription", push::subscribe),
        write(DELETE, "/api/v1/notifications/push-subscription", push::unsubscribe),
        read("/api/v1/subscription", billing::show),
        providerCall("/api/v1/subscription/checkout", GENERAL, NEVER, billing::checkout),
        write(POST, "/api/v1/subscription/cancel", billing::cancel),
        providerCall("/api/v1/credits/purchase", GENERAL, NEVER, billing::purchase),
        webhook("/api/v1/webhooks/checkout", billing::webhook),
        socket(VOICE_SOCKET, voice::socket),
        providerCall("/api/v1/ai/transcribe", AI, NEVER, transcriptions::transcribe),
        read("/api/v1/ai/voice-sessions", voice::list),
        read("/api/v1/ai/voice-sessions/{id}", voice::show));
  }
}
