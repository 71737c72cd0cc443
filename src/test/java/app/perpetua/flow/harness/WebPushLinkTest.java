package app.perpetua.flow.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The Web Push library was built for an older Java: does all that it needs of the JDK exist? */
class WebPushLinkTest {
  @Test
  void the_library_links_with_this_jdk() throws IOException {
    File file =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(File::new)
            .filter(jar -> jar.getName().startsWith("zerodep-web-push-java-"))
            .findFirst()
            .orElseThrow();
    try (JarFile jar = new JarFile(file)) {
      Set<String> names =
          jar.stream()
              .map(entry -> entry.getName())
              .filter(name -> name.endsWith(".class") && !name.endsWith("module-info.class"))
              // For HTTP clients that we do not have.
              .filter(name -> !name.contains("/httpclient/"))
              .map(name -> name.substring(0, name.length() - ".class".length()))
              .collect(Collectors.toSet());
      assertTrue(names.size() > 30, names::toString);
      Linkage linkage =
          new Linkage(
              WebPushLinkTest::onClassPath,
              name -> name.startsWith("com/zerodeplibs/") || name.startsWith("java"));
      assertEquals(Set.of(), linkage.faults(names));
    }
  }

  private static Optional<byte[]> onClassPath(String name) {
    try (InputStream in = ClassLoader.getSystemResourceAsStream(name + ".class")) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
