package app.perpetua.flow.architecture.broken.http;

import app.perpetua.flow.architecture.broken.account.Tokens;

/** Imports the feature that issues tokens instead of declaring a port. */
public record TokenGate(Tokens tokens) {}
