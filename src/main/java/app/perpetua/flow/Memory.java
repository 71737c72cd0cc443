package app.perpetua.flow;

import java.lang.management.ManagementFactory;

/**
 * The memory of the process, in bytes.
 *
 * @param heap the largest size of the heap
 * @param available the limit of the container, or the size of the machine's memory
 */
record Memory(long heap, long available) {
  /** Read from the JVM, which reads the limits of cgroups. */
  static Memory ofThisProcess() {
    long available =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : Long.MAX_VALUE;
    return new Memory(Runtime.getRuntime().maxMemory(), available);
  }
}
