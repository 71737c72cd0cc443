package app.perpetua.flow.chaos.fault;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A small file system in memory, which a file can fill. */
public final class SmallDisk implements AutoCloseable {
  private final Path mount;

  private SmallDisk(Path mount) {
    this.mount = mount;
  }

  /**
   * Mounts it.
   *
   * @param home a stack's home
   * @throws Skipped if this process may not mount file systems
   */
  public static SmallDisk mount(Path home) throws IOException, InterruptedException, Skipped {
    Path mount = Files.createDirectories(home.resolve(DatabaseFaults.SMALL_DISK));
    if (!run(
        "mount", "-t", "tmpfs", "-o", "size=300m,mode=0755", "perpetua-chaos", mount.toString())) {
      throw new Skipped("mounting a small file system requires root with CAP_SYS_ADMIN");
    }
    return new SmallDisk(mount);
  }

  /** A directory on it. */
  public Path data() {
    return mount.resolve("postgres");
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
  }

  @Override
  public void close() throws IOException {
    try {
      if (!run("umount", mount.toString()) && !run("umount", "-l", mount.toString())) {
        throw new IOException("cannot unmount " + mount);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
