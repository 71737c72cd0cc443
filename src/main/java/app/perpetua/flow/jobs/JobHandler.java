package app.perpetua.flow.jobs;

/**
 * Does the work of one kind of job: a {@link TransactionalHandler} in one transaction, a {@link
 * TwoPhaseHandler} in two, with a call to a provider between them. Implementations are thread-safe.
 */
public sealed interface JobHandler permits TransactionalHandler, TwoPhaseHandler {}
