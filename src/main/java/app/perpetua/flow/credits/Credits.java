package app.perpetua.flow.credits;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;

/** What users may spend on the assistant. Thread-safe. */
public final class Credits {
  private final Ids ids;
  private final Events events;

  /** A grant and its ledger entry need ids; every grant is told. */
  public Credits(Ids ids, Events events) {
    this.ids = ids;
    this.events = events;
  }

  /**
   * Gives the acting user, who has just joined and has nothing yet, their first credits.
   *
   * @param amount 0 for none
   */
  public void grantKickstart(Tx tx, int amount) {
    if (amount == 0) {
      return;
    }
    UUID grantId = ids.next();
    tx.sql("credits.grant_kickstart")
        .bind("grant_id", grantId)
        .bind("entry_id", ids.next())
        .bind("amount", amount)
        .atCommit();
    events.emit(tx, new Event.CreditsGranted(grantId, "kickstart", amount));
  }
}
