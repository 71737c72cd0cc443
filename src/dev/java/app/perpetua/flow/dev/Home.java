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
 * The directory of data, keys and logs. A file lock, which the operating system releases at the end
 * of the process, allows one dev server at a time.
 */
final class Home implements AutoCloseable {
  private static final List<String> KEPT =
      List.of("postgres", "clock", "secrets.env", "postgres.log", "service.log", "service.log.1");

  private final Path directory;
  private final FileChannel lock;

  /**
   * Creates the directory if it is missing and locks it.
   *
   * @throws StartupException if another dev server has locked it or it is not writable
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
          "cannot create the directory " + directory.toAbsolutePath() + " (" + e + ")", e);
    }
    if (!isLocked()) {
      throw new StartupException(
          "another ./dev is running here: it has locked " + directory.toAbsolutePath().normalize(),
          null);
    }
  }

  private boolean isLocked() {
    try {
      return lock.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      throw new StartupException(
          "the lock in " + directory + " cannot be acquired: " + e.getMessage(), e);
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

  /** Deletes everything that the dev server created, and nothing else. */
  void forget() throws IOException {
    for (String name : KEPT) {
      Path file = directory.resolve(name);
      if (Files.exists(file)) {
        delete(file);
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
