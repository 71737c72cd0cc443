package app.perpetua.flow.dev;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;

/**
 * The directory with everything that outlives a run. One dev server at a time has it; the lock goes
 * with the process, however it ends.
 */
final class Home implements AutoCloseable {
  private static final List<String> KEPT =
      List.of("postgres", "clock", "secrets.env", "postgres.log", "service.log", "service.log.1");

  private final Path directory;
  private final FileChannel lock;

  /**
   * Takes it, and makes it if need be.
   *
   * @throws StartupException if another dev server has it, or it cannot be written to
   */
  Home(Path directory) {
    this.directory = directory;
    try {
      Files.createDirectories(directory);
      lock =
          FileChannel.open(
              directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new StartupException(
          "no directory can be kept at " + directory.toAbsolutePath() + " (" + e + ")", e);
    }
    if (!isLocked()) {
      throw new StartupException(
          "another ./dev runs here: it has " + directory.toAbsolutePath().normalize(), null);
    }
  }

  private boolean isLocked() {
    try {
      return lock.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      throw new StartupException(
          "the lock in " + directory + " cannot be had: " + e.getMessage(), e);
    }
  }

  Path postgres() {
    return directory.resolve("postgres");
  }

  Path postgresLog() {
    return directory.resolve("postgres.log");
  }

  Path clock() {
    return directory.resolve("clock");
  }

  Path secrets() {
    return directory.resolve("secrets.env");
  }

  Path serviceLog() {
    return directory.resolve("service.log");
  }

  /** Forgets everything that it made, and nothing that somebody else put there. */
  void forget() throws IOException {
    for (String name : KEPT) {
      Path kept = directory.resolve(name);
      if (Files.exists(kept)) {
        delete(kept);
      }
    }
  }

  private static void delete(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path left, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(left);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
