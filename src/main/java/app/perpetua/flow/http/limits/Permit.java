package app.perpetua.flow.http.limits;

import java.util.function.Supplier;

/** A permit to run, held until it is closed. Close it once, from any thread. */
@FunctionalInterface
public interface Permit extends AutoCloseable {
  @Override
  void close();

  /** Acquires another permit and joins it to this one, which is released if that fails. */
  default Permit and(Supplier<Permit> next) {
    Permit second;
    try {
      second = next.get();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    return () -> {
      second.close();
      close();
    };
  }
}
