package app.perpetua.flow.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * A Lua script that the server runs as one operation. It has one key, so that it runs on a cluster
 * as well, and returns integers.
 *
 * @param name the file in {@code redis/}, without its extension
 * @param text the source code
 */
public record RedisScript(String name, String text) {
  /** Reads a script of the class path. */
  public static RedisScript load(String name) {
    String path = "/redis/" + name + ".lua";
    try (InputStream in = RedisScript.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalArgumentException("no script " + path);
      }
      return new RedisScript(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
