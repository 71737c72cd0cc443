package app.perpetua.flow.chaos.fault;

import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram.Recording;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.OpenAiStep.Ending;
import app.perpetua.flow.sql.TcpProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Faults of OpenAI, Deepgram and Checkout.com. For one thread. */
final class ProviderFaults {
  private static final Duration DOWN = Duration.ofSeconds(4);
  private static final Duration SLOW = Duration.ofSeconds(6);

  private static final Duration SHORT = Duration.ofSeconds(2);

  /** More requests than the load sends meanwhile. */
  private static final int LIES = 200;

  private final Stack stack;

  ProviderFaults(Stack stack) {
    this.stack = stack;
  }

  long down(Injection injection) {
    stack.providers().forEach(TcpProxy::cut);
    return heal(injection, DOWN);
  }

  long slow(Injection injection) {
    stack.providers().forEach(TcpProxy::freeze);
    return heal(injection, SLOW);
  }

  long lie(Injection injection) {
    List<OpenAiStep> lies = new ArrayList<>();
    for (int i = 0; i < LIES; i += 8) {
      lies.add(OpenAiStep.error(500, "server_error"));
      lies.add(OpenAiStep.error(429, "rate_limit_exceeded", "Retry-After", "1"));
      lies.add(OpenAiStep.say("An answer that ends too early.").cut().resetting());
      lies.add(OpenAiStep.raw("application/json", "{\"not\": \"a stream\""));
      lies.add(OpenAiStep.events("event: nonsense\ndata: {\n\n", "data: []\n\n"));
      lies.add(OpenAiStep.ending("", Ending.Kind.COMPLETED, ""));
      lies.add(OpenAiStep.ending("It began well", Ending.Kind.FAILED, "server_error"));
      lies.add(OpenAiStep.hangUp());
    }
    Collections.shuffle(lies, injection.random());
    stack.openAi().script(lies);
    stack.deepgram().respondWith(Recording.refused(500));
    stack.checkout().respondWith(FakeCheckout.Mode.DOWN);
    return heal(injection, DOWN);
  }

  private long heal(Injection injection, Duration after) {
    Injection.hold(injection.isShort() ? SHORT : after);
    injection.pause(0, 500);
    stack.providers().forEach(TcpProxy::heal);
    stack.openAi().script();
    stack.deepgram().recover();
    stack.checkout().respondWith(FakeCheckout.Mode.WORKING);
    return System.nanoTime();
  }
}
