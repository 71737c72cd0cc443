package app.perpetua.flow;

/**
 * The JAR's entry, compiled for Java 8, so that an older JVM runs far enough to say which one it
 * would take.
 */
public final class Launcher {
  private static final double NEEDED = 25;

  private Launcher() {}

  /** Hands over to {@link Main} on a JVM that can run it; else explains and exits with 2. */
  public static void main(String[] args) {
    String version = System.getProperty("java.specification.version");
    if (Double.parseDouble(version) < NEEDED) {
      System.err.println(
          "perpetua-flow needs Java 25 or later; this is Java "
              + version
              + " at "
              + System.getProperty("java.home"));
      System.exit(2);
    }
    Main.main(args);
  }
}
