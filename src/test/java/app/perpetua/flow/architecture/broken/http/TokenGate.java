package app.perpetua.flow.architecture.broken.http;

import app.perpetua.flow.architecture.broken.account.Tokens;

/** Imports the feature that issues tokens, in place of a port. */
public record TokenGate(Tokens tokens) {}
