package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.AllowedHost;
import java.util.List;

/**
 * Configuration of webhooks.
 *
 * @param hosts hosts of the permitted endpoints
 */
public record WebhookConfig(List<AllowedHost> hosts) {}
