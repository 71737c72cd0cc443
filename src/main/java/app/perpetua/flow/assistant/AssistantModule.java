package app.perpetua.flow.assistant;

import static app.perpetua.flow.http.Route.Bucket.AI;
import static app.perpetua.flow.http.Route.Streams.ALWAYS;
import static app.perpetua.flow.http.Route.Streams.IF_ACCEPTED;
import static app.perpetua.flow.http.Route.Streams.NEVER;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.providerCall;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.AI_USE;
import static app.perpetua.flow.http.auth.Scope.NOTES_READ;
import static app.perpetua.flow.http.auth.Scope.NOTES_WRITE;
import static app.perpetua.flow.http.auth.Scope.TASKS_READ;
import static app.perpetua.flow.http.auth.Scope.TASKS_WRITE;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.credits.Reservations;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notes.Notes;
import app.perpetua.flow.tasks.Subtasks;
import app.perpetua.flow.tasks.TaskConfig;
import app.perpetua.flow.tasks.TaskForm;
import app.perpetua.flow.tasks.Tasks;
import app.perpetua.flow.undo.RowReverter;
import java.util.List;
import java.util.Optional;

/** The assistant: chat, subtasks for a task, a task from a note. */
public final class AssistantModule implements FeatureModule {
  private final Suggestions suggestions;
  private final AssistantRoutes assistant;
  private final RowReverter reverter;

  /**
   * @param model empty if the assistant is disabled
   */
  public AssistantModule(
      ModuleContext context,
      AssistantConfig config,
      TaskConfig taskConfig,
      Optional<Model> model,
      Reservations reservations,
      Tasks tasks,
      Subtasks subtasks,
      Notes notes,
      Achievements achievements) {
    suggestions = new Suggestions(context.ids(), context.json());
    reverter = new SuggestionReverter(context.json());
    Actions actions = new Actions(tasks, subtasks, notes);
    ActionForm form = new ActionForm(new TaskForm(taskConfig), context.json());
    Charges charges = new Charges(reservations, context.ids(), config);
    Optional<AssistantServices> services =
        model.map(
            present ->
                new AssistantServices(
                    new Assistant(present, config.timeout(), System::nanoTime),
                    config,
                    Prompts.load(),
                    charges,
                    suggestions,
                    form,
                    new DueWords(),
                    context.events(),
                    context.json()));
    assistant =
        new AssistantRoutes(
            services.map(
                shared ->
                    new AssistantRoutes.ModelFeatures(
                        charges,
                        new Chat(shared, tasks, actions),
                        new Breakdown(shared, tasks, subtasks),
                        new NoteConversion(shared, tasks, notes))),
            form,
            suggestions,
            actions,
            achievements,
            context.events());
  }

  @Override
  public List<Route> routes() {
    return List.of(
        providerCall("/api/v1/ai/chat", AI, IF_ACCEPTED, assistant::chat)
            .scopes(AI_USE, TASKS_READ),
        providerCall("/api/v1/ai/chat/stream", AI, ALWAYS, assistant::chat)
            .sharingKeysWith("/api/v1/ai/chat")
            .scopes(AI_USE, TASKS_READ),
        providerCall("/api/v1/ai/generate-subtasks", AI, NEVER, assistant::subtasks)
            .scopes(AI_USE, TASKS_READ),
        providerCall("/api/v1/notes/{id}/convert", AI, NEVER, assistant::convert)
            .scopes(AI_USE, NOTES_READ),
        write(POST, "/api/v1/ai/confirm-action", assistant::confirm)
            .scopes(AI_USE, TASKS_WRITE, NOTES_WRITE));
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(suggestions::expire, suggestions::deleteOld);
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return List.of(reverter);
  }
}
