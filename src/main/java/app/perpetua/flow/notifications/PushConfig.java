package app.perpetua.flow.notifications;

import app.perpetua.flow.base.AllowedHost;
import java.util.List;
import java.util.Optional;

/**
 * Configuration of Web Push.
 *
 * @param vapid push is off without it
 * @param hosts hosts of the permitted push services
 */
public record PushConfig(Optional<Vapid> vapid, List<AllowedHost> hosts) {}
