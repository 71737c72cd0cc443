package app.perpetua.flow.module;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.jobs.Jobs;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;

/** The dependencies that all features share. */
public record ModuleContext(
    Json json, Ids ids, Clock clock, Events events, Jobs jobs, MeterRegistry metrics) {}
