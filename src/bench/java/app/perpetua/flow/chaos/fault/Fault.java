package app.perpetua.flow.chaos.fault;

import java.util.Arrays;
import java.util.Locale;

/** A fault that a run injects. */
public enum Fault {
  API_KILL("the API process is killed at a random time", Trait.RANDOM_KILL, Trait.CUTS),
  API_KILL_BEFORE_COMMIT(
      "the API process is killed before its COMMIT reaches the server",
      Trait.RANDOM_KILL,
      Trait.CUTS),
  API_KILL_AT_COMMIT(
      "the API process is killed after its COMMIT has reached the server, before the answer",
      Trait.RANDOM_KILL,
      Trait.CUTS),
  API_KILL_AFTER_COMMIT(
      "the API process is killed after the server has committed, before it learns that",
      Trait.RANDOM_KILL,
      Trait.CUTS),
  COMMIT_CUT("the connection is reset at a point of a COMMIT, the API stays alive"),
  COMMIT_HELD("a COMMIT or its answer is held for 1 to 7 s"),
  COMMIT_DROPPED("a COMMIT or its answer is lost silently"),
  WORKER_KILL("the worker process is killed at a random time", Trait.RANDOM_KILL),
  WORKER_KILL_AT_COMMIT("the worker process is killed at a point of a COMMIT", Trait.RANDOM_KILL),
  WORKER_FREEZE("the worker is stopped (SIGSTOP) until its leases have expired, and continued"),
  POSTGRES_KILL("all processes of PostgreSQL are killed, and it is restarted", Trait.RANDOM_KILL),
  POSTGRES_FREEZE("all processes of PostgreSQL are stopped (SIGSTOP) for 20 s; 60 s with --long"),
  POSTGRES_SLOW("each message to and from PostgreSQL takes 200 to 500 ms longer, for 6 s"),
  POSTGRES_FULL("the disk of PostgreSQL is full for 5 s"),
  NETWORK_RESET("API and worker cannot reach PostgreSQL, and connections are reset: 1 s, 10 s"),
  NETWORK_SILENT("nothing arrives between the processes and PostgreSQL: 1 s, 10 s"),
  API_TERMINATE("the API process is stopped with SIGTERM under load, and restarted", Trait.CUTS),
  CLOCK_JUMP("the clock of the API jumps by an hour and by 40 s, forth and back", Trait.CUTS),
  CLOCK_SKEW("the clocks of API and worker disagree by three minutes", Trait.CUTS),
  TWO_STARTS("two processes start at once on an empty database"),
  MIGRATION_KILL("a process is killed while it migrates an empty database; another completes it"),
  // Last, as they may leave the circuit breakers open for half a minute.
  PROVIDERS_SLOW("OpenAI, Deepgram and Checkout.com do not answer for 6 s"),
  PROVIDERS_DOWN("OpenAI, Deepgram and Checkout.com refuse connections for 4 s"),
  PROVIDERS_LYING("the providers answer with 500, cut streams and malformed bodies for 4 s");

  private enum Trait {
    /** Counted by {@code --runs}. */
    RANDOM_KILL,
    /** Clients may lose their connections. */
    CUTS
  }

  private final String help;
  private final boolean isRandomKill;
  private final boolean mayCut;

  Fault(String help, Trait... traits) {
    this.help = help;
    this.isRandomKill = Arrays.asList(traits).contains(Trait.RANDOM_KILL);
    this.mayCut = Arrays.asList(traits).contains(Trait.CUTS);
  }

  /** The name in arguments and tables. */
  public String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What happens. */
  public String help() {
    return help;
  }

  /** Whether it is a kill at a random time or point, of which there are many runs. */
  public boolean isRandomKill() {
    return isRandomKill;
  }

  /** Whether clients may lose their connections to the service. */
  public boolean mayCut() {
    return mayCut;
  }
}
