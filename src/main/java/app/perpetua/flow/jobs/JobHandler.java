package app.perpetua.flow.jobs;

/**
 * Does the work of one kind of job: a {@link TransactionalHandler} in one transaction, a {@link
 * TwoPhaseHandler} one in two with a call to another company between them. Thread-safe.
 */
public sealed interface JobHandler permits TransactionalHandler, TwoPhaseHandler {}
