package app.perpetua.flow.base;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The version of this build. */
public final class ServiceVersion {
  private ServiceVersion() {}

  /** Reads it from {@code build.properties}, which the build fills in. */
  public static String read() {
    try (InputStream in = ServiceVersion.class.getResourceAsStream("/build.properties")) {
      Properties build = new Properties();
      build.load(in);
      return build.getProperty("version");
    } catch (IOException e) {
      throw new IllegalStateException("build.properties cannot be read", e);
    }
  }
}
