package app.perpetua.flow.fuzz;

import java.util.Random;

/** Random numbers of one input, which depend on the run's seed and the input's number alone. */
public final class Seeds {
  private Seeds() {}

  /**
   * The generator of an input. The seed is mixed first (SplittableRandom's finalizer), because the
   * first numbers of {@code Random} hardly differ between neighbouring seeds.
   */
  public static Random random(long seed, long number) {
    long mixed = seed * 0x9E3779B97F4A7C15L + number;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return new Random(mixed ^ (mixed >>> 31));
  }
}
