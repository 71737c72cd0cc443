package app.perpetua.flow.dev;

import app.perpetua.flow.fake.VapidKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The service's own keys, generated once so that sessions survive a restart. */
final class Secrets {
  private static final int KEY_BITS = 2048;

  private Secrets() {}

  /**
   * Reads or generates the keys as environment variables of the service. The file has one {@code
   * NAME=value} per line and is readable by its owner only.
   */
  static Map<String, String> keptIn(Path file) throws IOException {
    Map<String, String> secrets = new LinkedHashMap<>();
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        String[] pair = line.split("=", 2);
        if (pair.length == 2) {
          secrets.put(pair[0], pair[1]);
        }
      }
    }
    // An earlier version may have generated fewer; keys that belong together are generated
    // together.
    int before = secrets.size();
    if (!secrets.containsKey("JWT_PRIVATE_KEY")) {
      secrets.putAll(generated());
    }
    if (!secrets.containsKey("VAPID_PRIVATE_KEY")) {
      secrets.putAll(VapidKeys.make().environment());
    }
    if (secrets.size() > before) {
      write(file, secrets);
    }
    return secrets;
  }

  private static Map<String, String> generated() {
    SecureRandom random = new SecureRandom();
    byte[] secret = new byte[32];
    random.nextBytes(secret);
    KeyPair keys;
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(KEY_BITS, random);
      keys = generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has RSA", e);
    }
    Map<String, String> secrets = new LinkedHashMap<>();
    secrets.put("JWT_PRIVATE_KEY", pem("PRIVATE KEY", keys.getPrivate().getEncoded()));
    secrets.put("JWT_PUBLIC_KEY", pem("PUBLIC KEY", keys.getPublic().getEncoded()));
    secrets.put("REFRESH_TOKEN_SECRET", HexFormat.of().formatHex(secret));
    return secrets;
  }

  /** PEM on one line, its line breaks written {@code \n}. */
  private static String pem(String label, byte[] der) {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    String pem = "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
    return pem.replace("\n", "\\n");
  }

  /** Writes the file atomically: a reader sees all of it or none. */
  private static void write(Path file, Map<String, String> secrets) throws IOException {
    Path half = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(half);
    Files.createFile(
        half, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(
        half,
        secrets.entrySet().stream()
            .map(secret -> secret.getKey() + "=" + secret.getValue() + "\n")
            .collect(Collectors.joining()));
    Files.move(half, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
