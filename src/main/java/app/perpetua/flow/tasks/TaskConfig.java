package app.perpetua.flow.tasks;

/**
 * Limits of tasks and subtasks.
 *
 * @param freeMax open tasks on the free tier, before perks
 * @param proMax open tasks on Pro, before perks
 * @param freeMaxSubtasks subtasks of one task on the free tier
 * @param proMaxSubtasks subtasks of one task on Pro
 * @param freeDescription characters of a description on the free tier
 * @param proDescription characters of a description on Pro
 */
public record TaskConfig(
    int freeMax,
    int proMax,
    int freeMaxSubtasks,
    int proMaxSubtasks,
    int freeDescription,
    int proDescription) {}
