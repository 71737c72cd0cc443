package app.perpetua.flow.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class WrkTest {
  private static final String OUTPUT =
      """
      Running 2s test @ http://127.0.0.1:25016
        1 threads and 64 connections
        Thread Stats   Avg      Stdev     Max   +/- Stdev
          Latency   866.42ms  694.52ms   1.99s    50.53%
          Req/Sec    77.67     38.12   141.00     75.00%
        Latency Distribution
           50%  899.75us
           75%   61.62ms
           90%    1.81s\s
           99%    1.99s\s
        95 requests in 2.02s, 1.05MB read
      """;

  @Test
  void rate_and_latencies_are_read_in_milliseconds() throws IOException {
    assertEquals(
        new Wrk.Result(47.06, 2.02, 0.89975, 1990, 0, ""),
        Wrk.Result.parse(OUTPUT + "Requests/sec:     47.06\nTransfer/sec:    531.34KB\n"));
  }

  @Test
  void refusals_and_broken_connections_are_read() throws IOException {
    Wrk.Result result =
        Wrk.Result.parse(
            OUTPUT
                + "  Socket errors: connect 0, read 3, write 0, timeout 1\n"
                + "  Non-2xx or 3xx responses: 23\n"
                + "Requests/sec:     47.06\n");
    assertEquals(23, result.refused());
    assertEquals(47.06 - 23 / 2.02, result.succeededPerSecond(), 1e-9);
    assertEquals("connect 0, read 3, write 0, timeout 1", result.errors());
  }

  @Test
  void a_run_that_ended_early_is_an_error_with_its_output() {
    IOException error =
        assertThrows(IOException.class, () -> Wrk.Result.parse("unable to connect"));
    assertEquals("wrk failed: unable to connect", error.getMessage());
  }
}
