// The Railway project: two services of one image, and their settings. `railway config plan` shows
// what it would change; docs/operations.md has the steps.
import { defineRailway, github, postgres, project, service } from "railway/iac";

// What a deployment of your own changes, in its fork.
const repository = "OWNER/perpetua-flow";
const branch = "main";
const domains: string[] = [];
// "railway" creates a database; with "shared", such as for Neon, DATABASE_URL and
// DATABASE_DIRECT_URL are shared variables.
const databaseFrom = "railway" as "railway" | "shared";
// Shared variables in addition to the required ones, such as OPENAI_API_KEY.
const furtherVariables: string[] = [];

export default defineRailway((context) => {
  const production = context.isEnvironment("production");
  const database = databaseFrom === "railway" ? postgres("database") : undefined;

  const names = [
    "JWT_PRIVATE_KEY",
    "REFRESH_TOKEN_SECRET",
    "ACCOUNT_HASH_KEY",
    "GOOGLE_CLIENT_ID",
    ...(database ? [] : ["DATABASE_URL", "DATABASE_DIRECT_URL"]),
    ...furtherVariables,
  ];
  const env = {
    ...Object.fromEntries(names.map((name) => [name, context.shared[name]])),
    ...(database ? { DATABASE_URL: database.env.DATABASE_URL } : {}),
    // The health check uses this port, too.
    PORT: "8000",
    // The old deployment serves until the new one has been ready for this long; then it gets
    // SIGTERM, and SIGKILL after the draining time: 5 s of serving, 20 s for requests, a margin.
    RAILWAY_DEPLOYMENT_OVERLAP_SECONDS: "10",
    RAILWAY_DEPLOYMENT_DRAINING_SECONDS: "35",
  };
  const common = {
    source: github(repository, { branch }),
    build: { builder: "DOCKERFILE", dockerfilePath: "Dockerfile" },
    healthcheck: "/health/ready",
    // Longer than a migration, for which the other service waits as well.
    healthcheckTimeout: 600,
    // A database outage must not use up the attempts.
    deploy: { restartPolicyType: "ALWAYS" },
  } as const;

  const api = service("api", {
    ...common,
    start: "perpetua-flow --role=api",
    preDeploy: "perpetua-flow --migrate",
    replicas: production ? 2 : 1,
    domains,
    env: {
      ...env,
      // Railway's edge connects from this block and puts the client's address into X-Real-IP.
      TRUSTED_PROXIES: "100.64.0.0/10",
      CLIENT_IP_HEADER: "X-Real-IP",
    },
  });
  const worker = service("worker", {
    ...common,
    start: "perpetua-flow --role=worker",
    replicas: 1,
    env,
  });

  return project("perpetua-flow", {
    resources: database ? [database, api, worker] : [api, worker],
  });
});
