package app.perpetua.flow.http;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.http.connection.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The listener, its limits and whom it trusts.
 *
 * @param port where it listens; 0 lets the system choose
 * @param corsOrigins origins that browsers may call from
 * @param trustedProxies whose forwarded headers are believed
 * @param metricsToken lets {@code /metrics} be read from elsewhere than this machine
 * @param metricsPort a port for {@code /metrics} alone; 0 for none
 * @param maxConnectionsPerAddress connections that one address may have open; trusted proxies are
 *     exempt
 * @param rateLimitGeneral requests per user (or address) in any 60 seconds
 * @param rateLimitAi requests per user that call a model, in any 60 seconds
 * @param rateLimitAuth sign-in requests per address, in any 60 seconds
 */
public record HttpConfig(
    int port,
    Set<String> corsOrigins,
    List<Cidr> trustedProxies,
    Optional<Secret> metricsToken,
    int metricsPort,
    int maxConnectionsPerAddress,
    int rateLimitGeneral,
    int rateLimitAi,
    int rateLimitAuth) {}
