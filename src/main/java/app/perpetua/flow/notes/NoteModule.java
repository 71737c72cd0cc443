package app.perpetua.flow.notes;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.conditionalRead;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.NOTES_READ;
import static app.perpetua.flow.http.auth.Scope.NOTES_WRITE;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.recovery.Tombstones;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.undo.RowReverter;
import java.net.InetAddress;
import java.util.List;

/** Notes. */
public final class NoteModule implements FeatureModule {
  private final Notes service;
  private final NoteRoutes notes;
  private final RowReverter reverter;

  public NoteModule(
      ModuleContext context, NoteConfig config, Tombstones tombstones, Achievements achievements) {
    service = new Notes(config, context.ids(), context.events(), tombstones);
    AddressGuard guard =
        new AddressGuard(List.of(new AllowedHost.Any()), InetAddress::getAllByName);
    reverter = new NoteReverter(context.json(), achievements);
    notes = new NoteRoutes(service, guard, config);
  }

  public Notes notes() {
    return service;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/notes", notes::list).scopes(NOTES_READ),
        write(POST, "/api/v1/notes", notes::create)
            .creates("/api/v1/notes/{id}")
            .command("note.create")
            .scopes(NOTES_WRITE),
        conditionalRead("/api/v1/notes/{id}", notes::show).scopes(NOTES_READ),
        write(PATCH, "/api/v1/notes/{id}", notes::patch)
            .answering(notes::show)
            .versionedCommand("note.update")
            .scopes(NOTES_WRITE),
        write(DELETE, "/api/v1/notes/{id}", notes::delete)
            .conditionalOn(notes::show)
            .command("note.delete")
            .scopes(NOTES_WRITE));
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return List.of(reverter);
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(
        SyncedType.ofRows(
            "note",
            "notes.find_by_ids",
            "notes.list_by_id",
            row -> {
              Note note = Note.of(row);
              return new SyncedType.Entity(note.id(), note.version(), note);
            }));
  }
}
