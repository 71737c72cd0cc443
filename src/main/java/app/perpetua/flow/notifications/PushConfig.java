package app.perpetua.flow.notifications;

import app.perpetua.flow.base.AllowedHost;
import java.util.List;
import java.util.Optional;

/**
 * Push to browsers.
 *
 * @param vapid who we are to push services; without it there is no push
 * @param hosts the push services that endpoints may belong to
 */
public record PushConfig(Optional<Vapid> vapid, List<AllowedHost> hosts) {}
