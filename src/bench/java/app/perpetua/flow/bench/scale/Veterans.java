package app.perpetua.flow.bench.scale;

/**
 * The users with much data, counted from 0.
 *
 * @param user has {@code tasks} tasks, most of them completed, and {@code entries} activity entries
 * @param active has {@code tasks} activity entries and no tasks
 * @param idle has nothing
 */
record Veterans(int user, int active, int idle, int tasks, int entries) {}
