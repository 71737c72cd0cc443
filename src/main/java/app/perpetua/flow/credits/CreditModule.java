package app.perpetua.flow.credits;

import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.auth.Scope.ACCOUNT_READ;

import app.perpetua.flow.http.Idempotency;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.sync.SyncedType;
import java.util.List;
import java.util.Map;

/** Credits: balances, reservations and their expiry. */
public final class CreditModule implements FeatureModule {
  private final Credits service;
  private final Reservations reservations;
  private final ReservationReleaseJob releaseJob;
  private final CreditRoutes credits;

  public CreditModule(ModuleContext context, CreditConfig config) {
    service =
        new Credits(config, context.ids(), context.json(), context.events(), context.metrics());
    reservations = new Reservations(service, context.jobs());
    releaseJob = new ReservationReleaseJob(service, Idempotency::release, context.json());
    credits = new CreditRoutes(service);
  }

  public Credits credits() {
    return service;
  }

  public Reservations reservations() {
    return reservations;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/credits/balance", credits::balance).scopes(ACCOUNT_READ),
        read("/api/v1/credits/history", credits::history).scopes(ACCOUNT_READ),
        read("/api/v1/ai/credits", credits::forAssistant).scopes(ACCOUNT_READ));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(Reservations.RELEASE, releaseJob);
  }

  @Override
  public Map<String, DailyJobs.Batch> daily() {
    return Map.of("credit_expire", new CreditExpireJob(service));
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(SyncedType.ofUser("credits", tx -> service.statement(tx).balance()));
  }
}
